#!/usr/bin/env bash
# make down, make clean, make status: passes the verb on to `rowgate local`.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

if [ ! -x "$TARGET/rowgate" ]; then
    if [ ! -d .local/run ]; then
        say "There is no local cloud."
        exit 0
    fi
    need_cargo
    cargo build --quiet --locked --workspace --bin rowgate
fi
options=(--dir .local)
# Without a terminal to ask on, `make clean` counts as consent.
if [ "$1" = clean ] && [ ! -t 0 ]; then
    options+=(--yes)
fi
exec "$TARGET/rowgate" local "$1" "${options[@]}"
