#!/usr/bin/env bash
# make run: everything from a fresh clone to the reports. SQL is a folder of tables and DATA a
# folder of your own files, or nothing.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

choose_database
data=${DATA:-}
# The folder that the cloud remembers, if there is one.
sql=${SQL:-$(cat .local/tables 2>/dev/null || printf sql)}
# Said now rather than after the build.
[ -f "$sql/dictionary.toml" ] || stop "The folder $sql has no dictionary.toml, so it is no folder of tables; SQL=<folder> names one."
[ -z "$data" ] || [ -d "$data" ] || stop "There is no folder $data."
[ -z "$data" ] || compgen -G "$data/*.csv" >/dev/null || stop "The folder $data has no .csv file."

need_cargo
# A cloud that has its data in MySQL stays there.
[ -n "${ROWGATE_DATABASE:-}" ] || [ ! -e .local/mysql/mysql.ibd ] || export ROWGATE_DATABASE=mysql
need_database
need_python
need_node
build

# Said now rather than after the start of the cloud.
"$TARGET/rowgate" tables check "$sql" --offline >/dev/null
[ -z "$data" ] || ROWGATE_SQL=$sql "$TARGET/rowgate" demo --data "$data" --check

say "starting the local cloud"
"$TARGET/rowgate" local up --dir .local --sql "$sql"

if [ -z "$data" ]; then
    data=.local/sample
    rm -rf "$data"
    # Real exports have some flawed records, too.
    "$TARGET/rowgate" sample --sql "$sql" --flawed 34 --out "$data" >/dev/null
fi
# shellcheck source=/dev/null
. .local/env
"$TARGET/rowgate" demo --data "$data"

shopt -s nullglob
reports=("$ROWGATE_SQL"/reports/*.sql)
report=$(basename "${reports[0]:-<report>}" .sql)

cat <<END

The local cloud is up.
  URL  $ROWGATE_URL
  key  $ROWGATE_API_KEY   (header x-api-key)

  console   $ROWGATE_CONSOLE_URL
  name      $ROWGATE_CONSOLE_USER
  password  $ROWGATE_CONSOLE_PASSWORD

  source .local/env                      the settings for curl, the AWS tools and $TARGET/rowgate
  $TARGET/rowgate report $report
  $TARGET/rowgate upload <table> <file.csv> --wait
  make down                              stops it
END
