# shellcheck shell=bash
# What the scripts share. Sourced, not run.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The folder of cargo's output; the local cloud runs these very files.
TARGET=${CARGO_TARGET_DIR:-target}/debug
TOOLS=$PWD/.local/tools
# Ours go first: an older nextest may not know the settings in .config/nextest.toml.
export PATH="$TOOLS/bin:$PATH:/usr/sbin"

# shellcheck source=scripts/needs.sh
. scripts/needs.sh

# The tests that kill functions at times drawn from a seed.
CHAOS_TESTS='test(/::chaos_/)'

# The packages that are Lambda functions: their programs set up the log of a function.
mapfile -t FUNCTIONS < <(grep --files-with-matches 'lambda_kit::init_tracing' crates/*/src/main.rs | cut -d/ -f2)

say() { printf '%s\n' "== $*" >&2; }

stop() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# How the list ends does not reach the script.
[ "${#FUNCTIONS[@]}" -gt 0 ] || stop "No package in crates/ is a Lambda function: none has lambda_kit::init_tracing in its main.rs."

has() { command -v "$1" >/dev/null 2>&1; }

# Stops where `make <name>` already runs in this checkout. The lock is file descriptor 9, which
# nothing that is started inherits: servers outlive their start.
alone() {
    mkdir -p .local
    exec 9>".local/$1.lock"
    flock --nonblock 9 || stop "make $1 is already running in this checkout."
}

# A sourced .local/env, an AWS account or settings for one test must not reach what is run. What
# DATABASE says does, and where MySQL is.
forget_environment() {
    local name
    while IFS='=' read -r name _; do
        case $name in
            ROWGATE_MYSQLD) ;;
            ROWGATE_* | AWS_* | NEXTEST_* | PROPTEST_* | SPARK_* | PYSPARK_* | SAIL_*) unset "$name" ;;
        esac
    done < <(env)
    choose_database
}

# Chooses the database in place of Aurora from DATABASE.
choose_database() {
    case ${DATABASE:-} in
        '') unset ROWGATE_DATABASE ;;
        mariadb | mysql) export ROWGATE_DATABASE=$DATABASE ;;
        *) stop "DATABASE is mariadb or mysql, not $DATABASE." ;;
    esac
}

child=
at_end=

# However the script ends, ends what runs in the background, then calls a function with the exit
# status.
finally() {
    at_end=$1
    # Each background command is a process group, so that all of it can be ended.
    set -m
    trap end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# shellcheck disable=SC2329  # called by the trap
end() {
    local status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$child" ]; then
        kill -TERM -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    "$at_end" "$status"
    exit "$status"
}

# Runs a command and waits for it: a shell that waits for one in the foreground hears no signal.
in_background() {
    local status=0
    "$@" </dev/null 9>&- &
    child=$!
    wait "$child" || status=$?
    child=
    return "$status"
}

# Removes the clouds of earlier runs that were killed.
clear_clouds() {
    local folder
    for folder in "$@"; do
        "$TARGET/rowgate" local clean --yes --dir "$folder" 9>&- 2>/dev/null ||
            stop "What an earlier run left in $folder cannot be removed; run: $TARGET/rowgate local clean --yes --dir $folder"
    done
}

# Ends and removes clouds, at the end of a script.
remove_clouds() {
    local folder
    for folder in "$@"; do
        [ -d "$folder" ] || continue
        "$TARGET/rowgate" local clean --yes --dir "$folder" 9>&- >/dev/null 2>&1 || true
        rm -rf "$folder"
    done
}

# Runs a command only when the files named before `--` have changed since it last succeeded under
# this name.
once() {
    local stamp=.local/stamps/$1 digest files=()
    shift
    while [ "$1" != -- ]; do
        files+=("$1")
        shift
    done
    shift
    digest=$(find "${files[@]}" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ]; then
        return 0
    fi
    rm -f "$stamp"
    "$@" || return
    mkdir -p .local/stamps
    printf '%s\n' "$digest" >"$stamp"
}

# Builds what the local cloud runs and lays the functions out as the CDK expects them. The whole
# workspace is named so that features are those of test builds: otherwise everything would be
# compiled twice.
build() {
    say "building (the first time takes some minutes)"
    local package binaries=(--bin rowgate --bin rowgate-serve --bin local-data-api)
    for package in "${FUNCTIONS[@]}"; do
        binaries+=(--bin "$package")
    done
    # Said outright, because `set -e` is off within a check.
    cargo build --workspace --locked "${binaries[@]}" || return
    for package in "${FUNCTIONS[@]}"; do
        mkdir -p ".local/lambda/$package"
        # Only what has changed is touched: the deployment looks at the content, people at the time.
        cmp --silent "$TARGET/$package" ".local/lambda/$package/bootstrap" ||
            cp --force "$TARGET/$package" ".local/lambda/$package/bootstrap" || return
    done
    build_console
}

# Builds the page and lays it beside the function that hands it out.
build_console() {
    [ -x console/node_modules/.bin/vite ] || rm -f .local/stamps/console-packages
    once console-packages console/package-lock.json -- install_console || return
    [ -f .local/lambda/console/static/index.html ] || rm -f .local/stamps/console
    once console console/index.html console/package-lock.json console/package.json console/scripts console/src \
        console/tsconfig.json console/vite.config.ts -- build_page
}

build_page() {
    say "building the console"
    (cd console && npm run --silent build) >&2 || return
    local static=.local/lambda/console/static
    # The build's own metadata is not part of the page.
    rm -rf "$static" && cp -R console/dist "$static" && rm -rf "$static/.vite"
}

check_format() {
    cargo fmt --all --check
}

check_lints() {
    cargo clippy --workspace --all-targets --locked -- -D warnings
}

# Format, lints and unit tests of the console, and the weight of its first page.
check_console() {
    local script
    for script in lint test weight; do
        npm --prefix console run --silent "$script" || return
    done
}

# Format and lints of the Python code that people change: of the local cloud, of the lake and of its
# DAGs.
check_python() {
    local status=0
    ruff format --quiet --no-cache --diff lake local examples || status=1
    ruff check --quiet --no-cache lake local examples || status=1
    return "$status"
}

# Lints of every shell script, and of the workflows with the shell in them.
check_scripts() {
    local status=0
    shellcheck --external-sources scripts/*.sh .ci/run || status=1
    actionlint || status=1
    return "$status"
}

# The fuzz targets are a workspace of their own, so nothing else compiles them.
check_fuzz_targets() {
    cargo check --manifest-path fuzz/Cargo.toml --target-dir target/fuzz-check --no-default-features --locked
}

check_documentation() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
}

# Runs the chaos tests: requests, the loader (on the cloud of the environment), backups and
# restores. Their lines are shown as they come. The functions' logs of failed runs stay in
# CHAOS_LOGS.
kill_test() {
    mkdir -p "$CHAOS_LOGS"
    ROWGATE_CHAOS_LOGS=$CHAOS_LOGS cargo nextest run --workspace --locked --no-capture --no-fail-fast \
        --filterset "package(e2e) and ($CHAOS_TESTS)"
}

# Runs Python tests with the lake's environment.
lake_tests() {
    PYTHONDONTWRITEBYTECODE=1 .local/lake-venv/bin/python -m pytest -p no:cacheprovider --quiet "$@"
}

# The lake's transformations on Spark itself, as on Glue.
spark_tests() {
    ROWGATE_LAKE_ENGINE=jvm lake_tests lake/tests --ignore lake/tests/cloud
}
