#!/usr/bin/env bash
# make lint: format, lints and documentation; a warning is an error.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

need_cargo
cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
