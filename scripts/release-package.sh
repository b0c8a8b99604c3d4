#!/usr/bin/env bash
# scripts/release-package.sh <version> <arm64 or x86_64> <functions> <commands> <folder>: packs what
# deploying needs on a machine that has Node.js alone into
# <folder>/rowgate-<version>-<processor>.tar.gz, and writes the checksums of all archives there.
#
# <functions> has <package>/bootstrap for each function, <commands> a rowgate-<machine> for each
# machine to deploy from (scripts/release-build.sh makes both). The archive has the places of the
# repository, so that the CDK app finds everything.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# = 5 ] || stop "usage: scripts/release-package.sh <version> <arm64 or x86_64> <functions> <commands> <folder>"
version=$1 architecture=$2 functions=$3 commands=$4 folder=$5
[[ $version =~ ^[A-Za-z0-9._-]+$ ]] || stop "$version is no version: it has other characters than letters, digits, ._-"
[[ $architecture =~ ^(arm64|x86_64)$ ]] || stop "the processor is arm64 or x86_64, not $architecture."
for package in "${FUNCTIONS[@]}"; do
    [ -f "$functions/$package/bootstrap" ] || stop "$functions/$package/bootstrap is missing."
done
[ -f "$functions/console/static/index.html" ] || stop "$functions/console/static is missing, the page."
compgen -G "$commands/rowgate-*" >/dev/null || stop "there is no rowgate-<machine> in $commands."

need_node
name=rowgate-$version-$architecture
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/$name

say "compiling the CDK app"
mkdir -p "$folder" "$root/infra" "$root/bin" "$root/crates/openapi" "$root/scripts"
(cd infra && npm run --silent build -- --outDir "$root/infra/dist")
rm -rf "$root/infra/dist/test" "$root/infra/dist/.tsbuildinfo"

say "packing $name.tar.gz"
cp -R LICENSE CHANGELOG.md CONTRIBUTING.md README.md SECURITY.md docs sql "$root/"
cp -R crates/openapi/api "$root/crates/openapi/"
cp -R infra/package.json infra/package-lock.json infra/.npmrc "$root/infra/"
cp "$commands"/rowgate-* "$root/bin/"
cp scripts/deploy.sh scripts/undo-first-deployment.sh "$root/scripts/"
cp scripts/release-rowgate.sh "$root/rowgate"
mkdir "$root/functions"
for package in "${FUNCTIONS[@]}"; do
    cp -R "$functions/$package" "$root/functions/"
done
# What git knows: no caches, no environments. The pages refer to the last four.
git ls-files -z lake/job.py lake/requirements.txt lake/rowgate_lake examples \
    lake/README.md crates/migrate/README.md crates/sample/README.md crates/aurora/src/swap/mod.rs |
    xargs -0 cp --parents --target-directory "$root"

# Compiled already, and found where the archive has it.
node - infra/cdk.json "$root/infra/cdk.json" "$architecture" <<'NODE'
const fs = require("node:fs");
const [from, to, architecture] = process.argv.slice(2);
const { build, context, ...app } = JSON.parse(fs.readFileSync(from, "utf8"));
const own = { architecture, artifacts: "../functions", rowgate: "../rowgate", sql: "../sql" };
fs.writeFileSync(to, `${JSON.stringify({ ...app, context: { ...context, ...own } }, null, 2)}\n`);
NODE
printf '%s\n' "$version" >"$root/VERSION"

# The same files give the same bytes.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" \
    --directory "$work" --create "$name" | gzip --no-name >"$folder/$name.tar.gz"
(cd "$folder" && sha256sum rowgate-*gz >SHA256SUMS)
say "$folder/$name.tar.gz, $(du -h "$folder/$name.tar.gz" | cut -f1)"
