#!/bin/sh
# The command of this machine, as release archives have it: `rowgate`.
folder=$(dirname "$(readlink -f "$0")")
program=$folder/bin/rowgate-$(uname -m)
if [ "$(uname -s)" != Linux ] || [ ! -x "$program" ]; then
    echo "error: this archive has no rowgate for $(uname -s) on $(uname -m); use Linux on arm64 or x86-64, a container for example." >&2
    exit 1
fi
exec "$program" "$@"
