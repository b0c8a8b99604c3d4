#!/usr/bin/env bash
# scripts/release-construct.sh <version> <folder>: packs the CDK construct `Rowgate` for other apps
# to import, as <folder>/rowgate-cdk-<version>.tgz. It brings the declarations of the API and the
# lake's job; functions and tables stay settings.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

version=${1:-} folder=${2:-}
[[ $version =~ ^v?[0-9]+\.[0-9]+\.[0-9]+([+-][A-Za-z0-9.-]+)?$ ]] || stop "the version is one as v1.2.3, not $version."
[ -n "$folder" ] || stop "say where to: scripts/release-construct.sh $version <folder>"

need_node
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folder=$(realpath --canonicalize-missing "$folder")

say "packing rowgate-cdk-${version#v}.tgz"
mkdir -p "$folder" "$work/packed"
(cd infra && npm run --silent build -- --outDir "$work/dist" --tsBuildInfoFile "$work/info" --declaration)
rm -rf "$work/dist/test" "$work/dist/bin" "$work/info"
cp LICENSE "$work/"
cp -R crates/openapi/api "$work/packed/api"
git ls-files -z lake/job.py lake/requirements.txt lake/rowgate_lake |
    xargs -0 cp --parents --target-directory "$work/packed"
node - infra/package.json "$work/package.json" "${version#v}" <<'NODE'
const fs = require("node:fs");
const [from, to, version] = process.argv.slice(2);
const { license, engines, devDependencies: { "aws-cdk-lib": lib, constructs, yaml } } = JSON.parse(fs.readFileSync(from, "utf8"));
const own = {
  name: "rowgate-cdk",
  version,
  license,
  description: "Rowgate as a construct of the AWS CDK",
  engines,
  main: "dist/lib/index.js",
  types: "dist/lib/index.d.ts",
  dependencies: { yaml },
  peerDependencies: { "aws-cdk-lib": `^${lib}`, constructs: `^${constructs}` },
};
fs.writeFileSync(to, `${JSON.stringify(own, null, 2)}\n`);
NODE
(cd "$work" && npm pack --silent --pack-destination "$folder" >/dev/null)
