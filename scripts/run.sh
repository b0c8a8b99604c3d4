#!/usr/bin/env bash
# make run: everything from a fresh clone to both reports. The argument is a folder of your own
# data, or nothing.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

choose_database
data=${1:-}
# Said now rather than after the build.
if [ -n "$data" ]; then
    [ -d "$data" ] || stop "There is no folder $data."
    for file in departments.csv jobs.csv; do
        [ -f "$data/$file" ] || stop "The folder $data has no $file."
    done
    if [ ! -f "$data/hired_employees.csv" ] && [ ! -f "$data/employees.csv" ]; then
        stop "The folder $data has no hired_employees.csv or employees.csv."
    fi
fi

need_cargo
# A cloud that has its data in MySQL stays there.
[ -n "${ROWGATE_DATABASE:-}" ] || [ ! -e .local/mysql/mysql.ibd ] || export ROWGATE_DATABASE=mysql
need_database
need_python
need_node
build

say "starting the local cloud"
"$TARGET/rowgate" local up --dir .local

if [ -z "$data" ]; then
    data=.local/sample
    "$TARGET/rowgate" sample --out "$data" >/dev/null
fi
# shellcheck source=/dev/null
. .local/env
"$TARGET/rowgate" demo --data "$data"

cat <<END

The local cloud is up.
  URL  $ROWGATE_URL
  key  $ROWGATE_API_KEY   (header x-api-key)

  console   $ROWGATE_CONSOLE_URL
  name      $ROWGATE_CONSOLE_USER
  password  $ROWGATE_CONSOLE_PASSWORD

  source .local/env                      the settings for curl, the AWS tools and $TARGET/rowgate
  $TARGET/rowgate report hires-by-quarter year=2021
  $TARGET/rowgate upload employees <file.csv> --wait
  make down                              stops it
END
