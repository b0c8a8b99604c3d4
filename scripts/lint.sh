#!/usr/bin/env bash
# make lint: format, lints and documentation; a warning is an error.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

need_cargo
check_format
check_lints
check_documentation
