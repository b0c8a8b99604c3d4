#!/usr/bin/env bash
# scripts/deploy.sh [<setting>=<value>...]: deploys one environment and proves it.
#
#   scripts/deploy.sh environment=staging maxCapacity=4
#
# Synthesises once, shows what would change, deploys that, migrates, and runs `rowgate verify`. It
# works in an unpacked release and in the repository, and needs Node.js and the AWS CLI. Credentials
# and region are those of the environment. docs/deployment.md has every setting.
#
# The account is bootstrapped for the CDK. KEYS names two API keys, which verify calls with, as
# `writer,operator` (the default); SETTINGS may hold further settings, one a line. VERIFY=no leaves
# the proof out. REMOVE_KEYS=yes lets a deployment delete keys that `keys` no longer has.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*" >&2; }

stop() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

for program in node npm aws; do
    command -v "$program" >/dev/null || stop "$program is missing."
done

context=()
mapfile -t lines <<<"${SETTINGS:-}"
for setting in "${lines[@]}" "$@"; do
    [ -n "$setting" ] || continue
    [[ $setting == *=* ]] || stop "$setting is no setting, as name=value."
    # The CDK would cut it off at the end of a line.
    context+=(--context "${setting//$'\n'/ }")
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
assembly=$work/cdk.out
outputs=$work/outputs.json

cdk() { (cd infra && node_modules/.bin/cdk "$@"); }

[ -x infra/node_modules/.bin/cdk ] || (cd infra && npm ci --no-fund --no-audit)

say "synthesising"
cdk synth --quiet --output "$assembly" ${context[@]+"${context[@]}"}
# shellcheck disable=SC2016  # JavaScript
service=$(node -p 'const { artifacts } = JSON.parse(fs.readFileSync(process.argv[1], "utf8"));
Object.values(artifacts).map((one) => one.properties?.stackName).find((name) => /^([a-z0-9]+-)?rowgate$/.test(name ?? ""))' \
    "$assembly/manifest.json")
prefix=${service%rowgate}
environment=${prefix%-}

# What is deployed of a stack; nothing where it is not. Not to know must not look like nothing.
deployed() {
    aws cloudformation describe-stacks --stack-name "$1" --output text --query "$2" 2>"$work/error" ||
        grep -q "does not exist" "$work/error" || stop "what is deployed of $1 cannot be read: $(cat "$work/error")"
}

# CloudFormation makes another database in place of one that no longer says what it began with.
snapshot() { sed -n '/"DatabaseSnapshot"/,/}/s/.*"Value": "\([^"]*\)".*/\1/p' "$assembly"/*Service*.template.json; }
began=$(deployed "$service" "Stacks[0].Outputs[?OutputKey=='DatabaseSnapshot'].OutputValue")
[ -z "$began" ] || [ "$began" = "$(snapshot)" ] ||
    stop "the database of $service began with the snapshot $began; add snapshotIdentifier=$began, or it is replaced."

# The name of the output that has a key's id, by the name in the settings: TeamAKeyId of team-a.
output_of() {
    local word words name=''
    IFS=- read -ra words <<<"$1"
    for word in "${words[@]}"; do
        name+=${word^}
    done
    printf '%sKeyId\n' "$name"
}

has_output() { grep -q "\"$1\": {" "$assembly"/*Data*.template.json; }

keys=${KEYS:-writer,operator}
for name in ${keys//,/ }; do
    [ "${VERIFY:-yes}" = no ] || has_output "$(output_of "$name")" ||
        stop "the setting keys has no $name, which verify is to call with; KEYS=<one that writes>,<one that operates> names others."
done
# A key that the settings leave out is deleted, and whoever uses it is locked out.
there=$(deployed "${prefix}rowgate-data" "Stacks[0].Outputs[?ends_with(OutputKey, 'KeyId')].OutputKey")
for name in $there; do
    [ "${REMOVE_KEYS:-}" = yes ] || has_output "$name" ||
        stop "the setting keys leaves out the key of the output $name; add it, or set REMOVE_KEYS=yes to delete it."
done

say "what changes"
cdk diff --app "$assembly" --no-change-set 2>&1 | tee "$work/diff" >&2 || true
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    # GitHub shows no summary of more than a mebibyte.
    { echo '```text' && head --bytes=900000 "$work/diff" && echo '```'; } >>"$GITHUB_STEP_SUMMARY"
fi
say "deploying"
cdk deploy --all --app "$assembly" --require-approval never --outputs-file "$outputs" --progress events

# The command reports a function's error and ends with 0 all the same.
say "migrating"
aws lambda invoke --function-name "${prefix}rowgate-migrate" --cli-read-timeout 900 \
    --payload fileb:///dev/stdin "$work/migrated" >"$work/invoked" <<<'{}'
printf '%s\n' "$(cat "$work/migrated")" >&2
! grep -q FunctionError "$work/invoked" || stop "the migration failed; its answer is above."

[ "${VERIFY:-yes}" != no ] || exit 0

# shellcheck disable=SC2016  # JavaScript
output() {
    node -p 'const [file, stack, name] = process.argv.slice(1);
const value = JSON.parse(fs.readFileSync(file, "utf8"))[stack]?.[name];
if (value === undefined) throw new Error(`the stack ${stack} has no output ${name}`);
value' "$outputs" "$1" "$2"
}

# The value of an API key by its name in the settings.
key() {
    local id
    id=$(output "${prefix}rowgate-data" "$(output_of "$1")")
    aws apigateway get-api-key --include-value --query value --output text --api-key "$id"
}

ROWGATE_API_KEY=$(key "${keys%,*}")
ROWGATE_OPERATOR_KEY=$(key "${keys#*,}")
ROWGATE_URL=$(output "${prefix}rowgate" ApiUrl)
ROWGATE_BUCKET=$(output "${prefix}rowgate-data" DataBucketName)
export ROWGATE_API_KEY ROWGATE_OPERATOR_KEY ROWGATE_URL ROWGATE_BUCKET
[ -z "$environment" ] || export ROWGATE_ENVIRONMENT=$environment
# A new key, and a new API's name, take a while to be known everywhere.
say "waiting for the API"
for _ in $(seq 24); do
    ! node -e 'fetch(process.env.ROWGATE_URL + "/status", { headers: { "x-api-key": process.env.ROWGATE_API_KEY } })
  .then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))' || break
    sleep 5
done
say "verifying"
rowgate=./rowgate
[ -x "$rowgate" ] || rowgate=${CARGO_TARGET_DIR:-target}/debug/rowgate
"$rowgate" verify
