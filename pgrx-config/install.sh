#!/usr/bin/env bash
# Builds the extension and installs it into the PostgreSQL that PG_CONFIG names.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_postgres
folder=$(PROFILE=${PROFILE:-release} "$PHASEGATE_ROOT/pgrx-config/package.sh" folder)
"$PHASEGATE_ROOT/pgrx-config/install-files.sh" "$folder"
