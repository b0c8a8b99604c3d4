#!/usr/bin/env bash
# make bench: measures Rowgate against the database alone and against other ways, in the shipping profile, and prints a table.
# BENCH='--quick' (or any options of `bench --help`) goes to the program; PROFILE=dev spares the long build for a look.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

CLOUD=.local/bench-cloud
VENV=.local/bench-venv

profile=${PROFILE:-release}
read -ra options <<<"${BENCH:-}"
folder=${TARGET%/debug}/$profile
[ "$profile" != dev ] || folder=$TARGET

# Whether a part is to be measured.
wants() {
    [[ " ${options[*]-} " != *" --only"* ]] || [[ ${options[*]} =~ --only[=\ ][a-z,-]*$1 ]]
}

install_bench_python() {
    say "installing pandas, pymysql and boto3 into $VENV"
    mkdir -p .local
    python3 -m venv --clear "$VENV" &&
        "$VENV/bin/pip" install --quiet --disable-pip-version-check --requirement local/bench-requirements.txt >&2
}

need_bench_python() {
    need_python || return
    if [ -f "$VENV/bin/python" ] && ! "$VENV/bin/python" -c '' 2>/dev/null; then
        # The Python it was made with is gone.
        rm -rf "$VENV"
    fi
    [ -x "$VENV/bin/python" ] || rm -f .local/stamps/bench-python
    once bench-python local/bench-requirements.txt -- install_bench_python
}

# A part whose tools cannot be had fails in the table; the others are measured all the same.
try() {
    ("$@") || say "$1 failed; what needs it will be marked in the table"
}

need_cargo
need_mariadb
if wants python; then
    try need_bench_python
fi
if wants drop; then
    try need_python
    try need_node
fi

packages=(--package bench --package cli --package local-data-api)
for function in "${FUNCTIONS[@]}"; do
    packages+=(--package "$function")
done
say "building the $profile profile (the first time takes many minutes)"
cargo build --profile "$profile" --locked "${packages[@]}" --bins --example latency

# The local cloud outlives a bench that is killed; nothing else does.
clean() {
    local status=$?
    trap - EXIT INT TERM HUP
    if [ -n "${bench:-}" ]; then
        kill -TERM "$bench" 2>/dev/null || true
        wait "$bench" 2>/dev/null || true
    fi
    if [ -d "$CLOUD" ]; then
        "$folder/rowgate" local clean --yes --dir "$CLOUD" >/dev/null 2>&1 || true
        rm -rf "$CLOUD"
    fi
    exit "$status"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# In the background, because a shell that waits for a foreground command hears no signal.
"$folder/bench" --cloud "$CLOUD" --python "$VENV/bin/python" ${options[@]+"${options[@]}"} &
bench=$!
status=0
wait "$bench" || status=$?
bench=
exit "$status"
