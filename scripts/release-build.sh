#!/usr/bin/env bash
# scripts/release-build.sh <arm64 or x86_64> <folder>: builds the functions for that processor of
# AWS Lambda, the page, and the command for the processor of this machine, all in the release
# profile. The folder gets functions/<package>/bootstrap and bin/rowgate-<machine>.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

folder=${2:-}
case ${1:-} in
    arm64) flag=--arm64 ;;
    x86_64) flag=--x86-64 ;;
    *) stop "say for which processor: scripts/release-build.sh <arm64 or x86_64> <folder>" ;;
esac
[ -n "$folder" ] || stop "say where to: scripts/release-build.sh $1 <folder>"

need_cargo
need_node
need_cross_build

say "building the functions for $1 (the first time takes many minutes)"
cargo lambda build --release --locked "$flag" "${FUNCTIONS[@]/#/--bin=}"
say "building the page and the command"
[ -x console/node_modules/.bin/vite ] || rm -f .local/stamps/console-packages
once console-packages console/package-lock.json -- install_console
(cd console && npm run --silent build)
cargo build --release --locked --bin rowgate

rm -rf "$folder"
mkdir -p "$folder/functions" "$folder/bin"
for package in "${FUNCTIONS[@]}"; do
    mkdir "$folder/functions/$package"
    cp "target/lambda/$package/bootstrap" "$folder/functions/$package/"
done
cp -R console/dist "$folder/functions/console/static"
rm -rf "$folder/functions/console/static/.vite"
cp target/release/rowgate "$folder/bin/rowgate-$(uname -m)"
