#!/usr/bin/env bash
# scripts/ci-mysql.sh <version> <folder>: installs a MySQL beside the system with conda, which
# runners of GitHub have.
set -euo pipefail

version=${1:?usage: scripts/ci-mysql.sh <version> <folder>}
folder=${2:?usage: scripts/ci-mysql.sh <version> <folder>}
"${CONDA:?conda is missing}/bin/conda" create --quiet --yes --prefix "$folder" \
    --override-channels --channel conda-forge "mysql-server=$version"
"$folder/bin/mysqld" --version
