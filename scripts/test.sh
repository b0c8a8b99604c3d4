#!/usr/bin/env bash
# make test: everything that decides whether a change is right. `scripts/test.sh all` (make
# test-all) adds what takes long or asks the network: drawn chaos runs (RUNS, SEED), property tests
# and generated requests with many more cases, known vulnerabilities, the lake on Spark itself,
# Airflow. Needs nothing running; uses its own folders and ports, and removes them however it ends.
# Continues after a failed check, so that one run shows everything, and ends with a summary.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# The number of chaos runs of `make test`: few, and the same every time.
FIXED_RUNS=8
FIXED_SEED=1

all=
[ "${1:-}" != all ] || all=1
for number in "${RUNS:-}" "${SEED:-}"; do
    [[ $number =~ ^[0-9]{0,18}$ ]] || stop "RUNS and SEED are whole numbers, or empty."
done

# The end-to-end tests that use the API alone.
HTTP_TESTS='access|backup|bodies|by_id|gateway|insert|ledger|openapi|reports|resend|restore|status|uploads'

CLOUD=.local/test-cloud
# A second environment in it, of the tables of the example.
SALES=sales
# Keys of every right; the end-to-end tests know them.
KEYS='[{"name": "writer", "right": "write"}, {"name": "operator", "right": "operate"},
  {"name": "team", "right": "write", "tables": ["jobs"]}, {"name": "viewer", "right": "read"}]'
FAILED_LOGS=.local/test-logs
CHAOS_LOGS=$PWD/$FAILED_LOGS/chaos

alone test
forget_environment
export INSTA_UPDATE=no
# The number of times that the lake's job, and a run of its pipeline, is killed.
[ -z "$all" ] || export ROWGATE_LAKE_KILLS=20

rm -rf "$FAILED_LOGS"
began=$SECONDS
failed=0
summary=()

# Removes the test cloud. Logs stay where something failed.
# shellcheck disable=SC2329  # called at the end
finish() {
    if [ -d "$CLOUD" ] && { [ "$1" != 0 ] || [ "$failed" != 0 ]; }; then
        mkdir -p "$FAILED_LOGS"
        cp -r "$CLOUD/logs" "$FAILED_LOGS/cloud" 2>/dev/null || true
    fi
    remove_clouds "$CLOUD"
}
finally finish

# Runs one check.
check() {
    local title=$1 started=$SECONDS status=0
    shift
    say "$title"
    in_background "$@" || status=$?
    local line
    if [ "$status" = 0 ]; then
        line=$(printf 'ok      %5d s  %s' $((SECONDS - started)) "$title")
    else
        line=$(printf 'FAILED  %5d s  %s' $((SECONDS - started)) "$title")
        failed=$((failed + 1))
    fi
    summary+=("$line")
    return "$status"
}

# The stack without the lake and with it, each in a folder of its own.
synthesise() {
    local architecture=x86_64 lake rowgate
    rowgate=$(realpath "$TARGET/rowgate")
    [ "$(uname -m)" != aarch64 ] || architecture=arm64
    for lake in false true; do
        (
            cd infra
            npm run --silent synth -- --output "../.local/test-cdk.out/lake-$lake" \
                --context artifacts="$PWD/../.local/lambda" --context architecture="$architecture" \
                --context rowgate="$rowgate" --context lake="$lake"
        ) || return
    done
}

lint_template() {
    cd infra || return
    export CFN_LINT=$PWD/../.local/venv/bin/cfn-lint
    npm run --silent lint:cfn && "$CFN_LINT" ../.local/test-cdk.out/lake-true/*.template.json ../examples/airflow/aws.yaml ../examples/github-oidc.yaml
}

# Licences, duplicates and sources of what Rowgate is built from, by deny.toml.
dependencies() {
    cargo deny --locked check --hide-inclusion-graph licenses bans sources
}

# Known vulnerabilities, of crates and of npm packages, where the databases of them can be reached:
# not to know is no failure.
vulnerabilities() {
    local status=0 answer folder
    if timeout 120 cargo deny --locked fetch db >/dev/null 2>&1; then
        cargo deny --locked check --disable-fetch advisories || status=1
    else
        say "not asked for crates: the RustSec database cannot be reached"
    fi
    for folder in infra console; do
        answer=$(cd "$folder" && timeout 120 npm audit --json --audit-level=high 2>/dev/null) && continue
        # A refusal to answer ends like a finding, but has none.
        if python3 -c 'import json, sys; sys.exit("vulnerabilities" not in json.load(sys.stdin))' <<<"$answer" 2>/dev/null; then
            (cd "$folder" && npm audit --audit-level=high)
            status=1
        else
            say "not asked for the npm packages of $folder: the registry's database cannot be reached"
        fi
    done
    return "$status"
}

start_cloud() {
    "$TARGET/rowgate" local up --dir "$CLOUD" --gateway-port 0 --data-api-port 0 --lake --keys "$KEYS"
}

# Everything but the end-to-end tests, over one private database server.
unit_tests() {
    [ -z "$all" ] || export PROPTEST_CASES=2000
    # Not by `cargo run`, whose variables would make everything be compiled again.
    cargo build --quiet --workspace --locked --bin with-database || return
    "$TARGET/with-database" \
        cargo nextest run --workspace --locked --no-fail-fast --filterset 'not package(e2e) or binary(repo)'
}

# The same build: naming the package alone would compile its dependencies again with other features.
end_to_end() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    ROWGATE_TEST_MYSQL_SOCKET=$ROWGATE_MYSQL_SOCKET \
        cargo nextest run --workspace --locked --no-fail-fast \
        --filterset "package(e2e) and not binary(repo) and not ($CHAOS_TESTS) and not test(/^folder::/)"
}

# The tests that hold for the tables of any folder, on a cloud, with nothing beside them.
folder_tests() {
    # shellcheck source=/dev/null
    . "$1/env"
    ROWGATE_TEST_MYSQL_SOCKET=$ROWGATE_MYSQL_SOCKET \
        cargo nextest run --workspace --locked --no-fail-fast --filterset 'package(e2e) and test(/^folder::/)'
}

# The command that proves a deployment.
verify() {
    # shellcheck source=/dev/null
    . "$1/env"
    "$TARGET/rowgate" verify
}

# The same of the tables of examples/sales, in an environment of their own beside the other one, and
# its API against its document. Its loader goes over S3. Both environments are proved, with the
# other one there.
sales_tests() {
    "$TARGET/rowgate" local up --dir "$CLOUD" --environment "$SALES" --sql examples/sales/sql \
        --loader-path s3 || return
    local status=0 folder=$CLOUD/environments/$SALES
    (folder_tests "$folder") || status=1
    # The same functions answer as above, so fewer requests do.
    (schemathesis "$folder" --max-examples 3) || status=1
    (verify "$folder") || status=1
    (verify "$CLOUD") || status=1
    # What cannot be loaded over S3 is sent in statements, and verify is content.
    grep -q "the database loaded an object of S3" "$CLOUD/logs/local-data-api.log" || status=1
    ! grep -h "the database loads no parts" "$CLOUD"/logs/*.log || status=1
    return "$status"
}

# Prints the member with these names in a file of the test cloud.
read_json() {
    .local/venv/bin/python -c 'import functools, json, sys
print(functools.reduce(dict.__getitem__, sys.argv[2:], json.load(open(sys.argv[1]))))' "$CLOUD/$1" "${@:2}"
}

# The same API as one process, on the database and the bucket of the test cloud, for the tests that
# call it over HTTP. It invokes the cloud's functions.
one_process() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    local keys=$CLOUD/serve-keys.toml log=$CLOUD/logs/serve.log process address='' status=0
    rm -f "$keys"
    (
        umask 077
        {
            printf '[[keys]]\nname = "writer"\nright = "writer"\nkey = "%s"\n' "$ROWGATE_API_KEY"
            printf '[[keys]]\nname = "operator"\nright = "operator"\nkey = "%s"\nrate = 20\nburst = 40\n' \
                "$ROWGATE_OPERATOR_KEY"
            printf '[[keys]]\nname = "team"\nright = "writer"\ntables = ["jobs"]\nkey = "%s"\n' "$ROWGATE_TEAM_KEY"
            printf '[[keys]]\nname = "viewer"\nright = "reader"\nkey = "%s"\n' "$ROWGATE_VIEWER_KEY"
        } >"$keys"
    )
    : >"$log"
    unset ROWGATE_URL ROWGATE_DATABASE
    ROWGATE_EVENT_BUS=default AWS_ENDPOINT_URL_RDS_DATA=http://127.0.0.1:$(read_json ports.json data_api) \
        "$TARGET/rowgate" serve --listen 127.0.0.1:0 --metrics-address off --keys "$keys" --database rowgate \
        --cluster-arn "$(read_json outputs.json rowgate-data ClusterArn)" \
        --secret-arn "$(read_json outputs.json rowgate-data WriterSecretArn)" >"$log" 2>&1 &
    process=$!
    for _ in $(seq 100); do
        address=$(sed -n '/requests are served/s/.*"address":"\([^"]*\)".*/\1/p' "$log")
        [ -z "$address" ] || break
        sleep 0.1
    done
    if [ -z "$address" ]; then
        cat "$log" >&2
        kill "$process" 2>/dev/null
        return 1
    fi
    ROWGATE_URL=http://$address ROWGATE_TEST_MYSQL_SOCKET=$ROWGATE_MYSQL_SOCKET \
        cargo nextest run --workspace --locked --no-fail-fast \
        --filterset "package(e2e) and binary(it) and test(/^($HTTP_TESTS)::/)" || status=1
    # It is to end well, too.
    kill -TERM "$process" && wait "$process" || status=1
    return "$status"
}

chaos() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    if [ -n "$all" ]; then
        local runs=${RUNS:-}
        [ -n "$runs${SEED:-}" ] || runs=100
        ROWGATE_KILL_RUNS=$runs ROWGATE_KILL_SEED=${SEED:-} NEXTEST_PROFILE=kill kill_test
    else
        ROWGATE_KILL_RUNS=$FIXED_RUNS ROWGATE_KILL_SEED=$FIXED_SEED kill_test
    fi
}

# The page of `rowgate docs`. If it fails, a picture of it goes to the logs.
browser() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    node tests/browser/docs.mjs "$TARGET/rowgate" "$CLOUD/logs/docs.png"
}

# The console, as people walk through it. Pictures of every page go to the logs where something
# fails.
console() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    ROWGATE_PICTURES=$PWD/$CLOUD/logs/console npm --prefix tests/console run --silent test
}

# A client written from the page of the outside interfaces alone.
outsider() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    PYTHONDONTWRITEBYTECODE=1 .local/venv/bin/python tests/outsider
}

# boto3, the client most people use, against the local Data API server of the test cloud.
conformance() {
    .local/venv/bin/python crates/local-data-api/tests/boto3_conformance.py \
        --endpoint "http://127.0.0.1:$(read_json ports.json data_api)" --on-error abort \
        --resource-arn "$(read_json outputs.json rowgate-data ClusterArn)" \
        --secret-arn "$(read_json outputs.json rowgate-data AdminSecretArn)" \
        --database rowgate
}

# Both doors of the API of a cloud against their own OpenAPI documents, with generated requests of
# every kind.
schemathesis() {
    # shellcheck source=/dev/null
    . "$1/env"
    shift
    .local/venv/bin/python tests/schemathesis/run.py "$@" ${all:+--max-examples 60 --seed "$RANDOM"}
}

# The pipeline of the lake on the test cloud, from backup to gold.
lake_pipeline() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    lake_tests lake/tests/cloud
}

# The DAGs of examples/airflow, also run on the test cloud.
airflow() {
    # shellcheck source=/dev/null
    . "$CLOUD/env"
    PYTHONDONTWRITEBYTECODE=1 \
        .local/airflow-venv/bin/python -m pytest -p no:cacheprovider --quiet examples/airflow/tests
}

need_cargo
need_database
need_curl
need_browser
need_tools
need_test_python
need_lake
[ -z "$all" ] || need_spark_jars
[ -z "$all" ] || need_airflow
need_node
need_console_tests

# The checks that fail soonest come first.
check "format" check_format || true
check "dependencies: licences, duplicates, sources" dependencies || true
[ -z "$all" ] || check "dependencies: known vulnerabilities" vulnerabilities || true
check "lints" check_lints || true
check "Python: format and lints" check_python || true
check "scripts and workflows: lints" check_scripts || true
check "fuzz targets" check_fuzz_targets || true
check "documentation" check_documentation || true
if check "build" build; then
    clear_clouds "$CLOUD"
    check "stack: types and assertions" npm --prefix infra run --silent test || true
    check "console: lints, unit tests and weight" check_console || true
    check "stack: synthesis" synthesise || true
    check "stack: cfn-lint" lint_template || true
    check "unit, property and database tests" unit_tests || true
    check "documentation tests" cargo test --doc --workspace --locked --quiet || true
    check "lake: transformations on Sail" \
        lake_tests lake/tests --ignore lake/tests/cloud --numprocesses 2 --dist worksteal || true
    [ -z "$all" ] || check "lake: transformations on Spark" spark_tests || true
    check "lake: local Glue and Athena" lake_tests local/tests || true
    if check "cloud of its own" start_cloud; then
        check "end-to-end tests" end_to_end || true
        check "end-to-end tests: the API in one process" one_process || true
        check "lake: pipeline end to end" lake_pipeline || true
        [ -z "$all" ] || check "example: Airflow" airflow || true
        check "documentation page in a browser" browser || true
        check "console in a browser" console || true
        check "a client written from the page of the interfaces" outsider || true
        check "chaos tests: requests, loads, backups and restores" chaos || true
        check "boto3 against the local Data API" conformance || true
        check "schemathesis against both doors of the API" schemathesis "$CLOUD" || true
        check "end-to-end tests: the tables of any folder" folder_tests "$CLOUD" || true
        check "a second environment beside the first: the tables of examples/sales" sales_tests || true
    fi
fi

printf '\n'
printf '%s\n' "${summary[@]}"
printf '\n'
if [ "$failed" != 0 ]; then
    printf 'FAILED: %d of %d checks, in %d s. Logs: %s\n' \
        "$failed" "${#summary[@]}" $((SECONDS - began)) "$FAILED_LOGS"
    exit 1
fi
printf 'All %d checks passed, in %d s.\n' "${#summary[@]}" $((SECONDS - began))
