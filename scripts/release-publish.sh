#!/usr/bin/env bash
# scripts/release-publish.sh <tag> <folder>: attaches the archives in the folder and their checksums
# to the release of a tag on GitHub, which it makes where there is none. Needs `gh` and its token.
set -euo pipefail

tag=${1:?usage: scripts/release-publish.sh <tag> <folder>}
folder=${2:?usage: scripts/release-publish.sh <tag> <folder>}

(cd "$folder" && sha256sum --check SHA256SUMS)
gh release view "$tag" >/dev/null 2>&1 || gh release create "$tag" --verify-tag --generate-notes
gh release upload "$tag" "$folder"/rowgate-*gz "$folder/SHA256SUMS" --clobber
