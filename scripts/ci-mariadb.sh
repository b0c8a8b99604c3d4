#!/usr/bin/env bash
# Installs MariaDB on a runner of GitHub, as root. The runner brings a MySQL, whose data would be in
# its way. No test uses the system's servers.
set -euo pipefail

[ "${GITHUB_ACTIONS:-}" = true ] || {
    echo "error: this removes the system's MySQL with its data; it is for runners of GitHub alone." >&2
    exit 1
}
systemctl stop mysql.service || true
rm -rf /var/lib/mysql
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends mariadb-server python3-venv
systemctl disable --now mariadb.service
