#!/usr/bin/env bash
# make bench: builds what would be shipped, measures it, prints a table. Arguments go to the bench program (--help).
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

need_cargo
need_mariadb
say "building as for shipping (the first time takes many minutes)"
cargo build --release --workspace --bins --locked
exec "${CARGO_TARGET_DIR:-target}/release/bench" "$@"
