#!/usr/bin/env bash
# make check: the fast loop. Format, lints, and the unit tests, which need no database and no cloud.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

alone check
forget_environment
export INSTA_UPDATE=no

need_cargo
need_tools

say "format"
check_format
say "lints"
check_lints
say "Python: format and lints"
check_python
say "scripts and workflows: lints"
check_scripts
say "unit tests"
cargo nextest run --profile check --workspace --locked --lib --test repo
