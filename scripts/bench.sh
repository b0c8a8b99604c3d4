#!/usr/bin/env bash
# make bench: measures Rowgate against the database alone and against other ways, in the shipping
# profile, and prints a table. BENCH='--quick' (or any options of `bench --help`) goes to the
# program; PROFILE=dev spares the long build for a look.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

CLOUD=.local/bench-cloud
VENV=.local/bench-venv

profile=${PROFILE:-release}
read -ra options <<<"${BENCH:-}"
[ "$profile" = dev ] || TARGET=${TARGET%/debug}/$profile

# Succeeds if a part is to be measured.
wants() {
    [[ " ${options[*]-} " != *" --only"* ]] || [[ ${options[*]} =~ --only[=\ ][a-z,-]*$1 ]]
}

need_bench_python() {
    need_environment bench-python "$VENV" "the other programs (1.1 GB)" pip \
        local/bench-requirements.txt local/peers-requirements.txt
}

# A part whose tools cannot be had fails in the table; the others are measured all the same.
try() {
    ("$@") || say "$1 failed; what needs it will be marked in the table"
}

# The local cloud outlives a bench that is killed; nothing else does.
# shellcheck disable=SC2329  # called at the end
finish() {
    remove_clouds "$CLOUD"
}

alone bench
forget_environment
finally finish

need_cargo
need_database
# Its client and its dump are the references on either database.
need_mariadb
if wants peers || wants requests; then
    try need_bench_python
fi
if wants drop || wants soak; then
    try need_python
    try need_node
fi

say "building the $profile profile (the first time takes many minutes)"
in_background cargo build --profile "$profile" --locked --workspace --bins --example latency

in_background "$TARGET/bench" --functions "$(IFS=, && echo "${FUNCTIONS[*]}")" --cloud "$CLOUD" \
    --python "$VENV/bin/python" ${options[@]+"${options[@]}"}
