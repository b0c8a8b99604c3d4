#!/usr/bin/env bash
# make kill-test [RUNS=500] [SEED=…]: requests, the loader, backups and restores killed and disturbed at random moments, on a cloud of
# its own that is removed however this ends. The tests say how far they are, and at the end how a run that failed is done again.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

CLOUD=.local/kill-cloud

# One at a time in a checkout. The lock is file descriptor 9, which nothing else inherits.
mkdir -p .local
exec 9>.local/kill-test.lock
flock --nonblock 9 || stop "make kill-test is already running in this checkout."
set -m

# A sourced .local/env, or an AWS account, must not reach the test.
while IFS='=' read -r name _; do
    case $name in ROWGATE_* | AWS_*) unset "$name" ;; esac
done < <(env)

child=

# shellcheck disable=SC2329  # called by the trap
finish() {
    local status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$child" ]; then
        kill -TERM -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    "$TARGET/rowgate" local clean --yes --dir "$CLOUD" 9>&- >/dev/null 2>&1 || true
    rm -rf "$CLOUD"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# In the background, because a shell that waits for a foreground command hears no signal.
run() {
    local status=0
    "$@" </dev/null 9>&- &
    child=$!
    wait "$child" || status=$?
    child=
    return "$status"
}

runs_and_seed() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    NEXTEST_PROFILE=kill ROWGATE_KILL_RUNS=${1:-} ROWGATE_KILL_SEED=${2:-} kill_test
}

need_cargo
need_mariadb
need_python
need_node
need_nextest
run build
"$TARGET/rowgate" local clean --yes --dir "$CLOUD" 9>&- 2>/dev/null
run "$TARGET/rowgate" local up --dir "$CLOUD" --gateway-port 0 --data-api-port 0
say "runs of the kill test"
runs=${1:-}
[ -n "$runs${2:-}" ] || runs=100
run runs_and_seed "$runs" "${2:-}"
