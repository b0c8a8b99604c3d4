#!/usr/bin/env bash
# scripts/ci-image.sh <image>: starts rowgate-serve's image as it is to be run, with nothing to
# write to and no rights. Without settings it says what is missing.
set -euo pipefail

image=${1:?usage: scripts/ci-image.sh <image>}
run=(docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges --memory 128m)
"${run[@]}" "$image" --version
status=0
output=$("${run[@]}" "$image" 2>&1) || status=$?
printf '%s\n' "$output"
[ "$status" = 1 ]
[[ $output == *"ROWGATE_CLUSTER_ARN is not set"* ]]
[ "$(docker inspect --format '{{.Config.User}}' "$image")" != root ]
