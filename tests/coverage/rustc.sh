#!/bin/sh
# Cargo's RUSTC_WORKSPACE_WRAPPER: counts in the crate itself, not in what it depends on. With counters that can be moved,
# a program keeps them in its file, so that one that is killed leaves them too.
exec "$@" -C instrument-coverage -C llvm-args=-runtime-counter-relocation
