#!/usr/bin/env bash
# Stops the private servers and deletes everything that was built.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pg=$TARGET_DIR/pg
for clusters in "$pg"/clusters-*; do
    if [ -d "$clusters" ] && PG_MAJOR=${clusters##*-} && PG_CONFIG='' find_postgres; then
        PG_CONFIG=$PG_CONFIG "$PHASEGATE_ROOT/pgrx-config/cluster.sh" remove-all
    fi
done
if [ -L "$pg" ]; then rm -rf "$(readlink -f "$pg")"; fi
rm -rf "$TARGET_DIR"
