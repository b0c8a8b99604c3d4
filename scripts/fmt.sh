#!/usr/bin/env bash
# make fmt: formats the Rust and the Python code.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

need_cargo
need_tools
cargo fmt --all
ruff format --no-cache lake local examples
