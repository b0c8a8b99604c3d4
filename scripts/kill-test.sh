#!/usr/bin/env bash
# make kill-test [RUNS=500] [SEED=…]: requests, the loader, backups and restores killed and
# disturbed at random moments, on a cloud of its own that is removed however this ends. The tests
# say how far they are, and at the end how a run that failed is done again.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

CLOUD=.local/kill-cloud
CHAOS_LOGS=$PWD/.local/kill-logs

# shellcheck disable=SC2329  # called at the end
finish() {
    remove_clouds "$CLOUD"
}

alone kill-test
forget_environment
finally finish

runs_and_seed() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    NEXTEST_PROFILE=kill ROWGATE_KILL_RUNS=${1:-} ROWGATE_KILL_SEED=${2:-} kill_test
}

need_cargo
need_database
need_python
need_node
need_tools
in_background build
clear_clouds "$CLOUD"
in_background "$TARGET/rowgate" local up --dir "$CLOUD" --gateway-port 0 --data-api-port 0
say "runs of the kill test"
runs=${1:-}
[ -n "$runs${2:-}" ] || runs=100
in_background runs_and_seed "$runs" "${2:-}"
