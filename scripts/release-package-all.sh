#!/usr/bin/env bash
# scripts/release-package-all.sh <version> <binaries> <folder>: packs an archive for each processor,
# from a folder with what scripts/release-build.sh made in arm64/ and x86_64/. Each has the commands
# of both, so that any machine deploys to any processor. Beside them it packs the construct for
# other CDK apps, of a version that npm takes.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)

version=${1:?usage: scripts/release-package-all.sh <version> <binaries> <folder>}
binaries=$(realpath "${2:?usage: scripts/release-package-all.sh <version> <binaries> <folder>}")
folder=$(realpath --canonicalize-missing "${3:?usage: scripts/release-package-all.sh <version> <binaries> <folder>}")

commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
cp "$binaries"/*/bin/rowgate-* "$commands/"
# What is sent from job to job loses the permission to run.
chmod +x "$commands"/* "$binaries"/*/functions/*/bootstrap
if [[ $version =~ ^v[0-9] ]]; then
    "$scripts/release-construct.sh" "$version" "$folder"
fi
for architecture in arm64 x86_64; do
    "$scripts/release-package.sh" "$version" "$architecture" "$binaries/$architecture/functions" "$commands" "$folder"
done
