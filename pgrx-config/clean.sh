#!/usr/bin/env bash
# Stops the private servers and deletes everything that was built.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pg=$TARGET_DIR/pg
for clusters in "$pg"/clusters-*; do
    if [ -d "$clusters" ] && PG_MAJOR=${clusters##*-} && PG_CONFIG='' find_postgres; then
        PG_CONFIG=$PG_CONFIG "$PHASEGATE_ROOT/pgrx-config/cluster.sh" remove-all
    fi
done
# scratch_dir made that directory, where target/pg is a link.
case $(readlink "$pg" || true) in /tmp/phasegate.*) rm -rf "$(readlink "$pg")" ;; esac
rm -rf "$PHASEGATE_ROOT/service/target"
if [ "$TARGET_DIR" = "$PHASEGATE_ROOT/target" ]; then
    rm -rf "$TARGET_DIR"
else
    # A target directory that CARGO_TARGET_DIR names may hold other projects' files.
    (cd "$PHASEGATE_ROOT" && cargo clean --package phasegate)
    rm -rf "$pg" "$TARGET_DIR"/package-* "$TARGET_DIR"/{tests,unit,bench,venv,venv-bench,tools,clients,dist,.build.lock}
fi
