#!/usr/bin/env bash
# make lake: on a local cloud that is up, everything from the lake's engine to a gold table.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

if [ ! -x "$TARGET/rowgate" ] || ! "$TARGET/rowgate" local status --dir .local >/dev/null 2>&1; then
    stop "No local cloud is up; make run starts one, then try again."
fi

need_cargo
need_python
need_lake
need_node
build

say "deploying the lake"
"$TARGET/rowgate" local up --dir .local --lake

# shellcheck source=/dev/null
. .local/env
say "running the pipeline, from a backup to gold"
"$TARGET/rowgate" lake run --wait >/dev/null

# A file of gold is a table, with _ for - in its name.
shopt -s nullglob
gold=("$ROWGATE_SQL"/gold/*.sql)
table=$(basename "${gold[0]:-rowgate_quality}" .sql)
query="SELECT * FROM ${table//-/_} LIMIT 10"
say "$query"
"$TARGET/rowgate" lake query "$query"

# The tables that ship have gold of the same rows as their reports.
if [ sql -ef "$ROWGATE_SQL" ]; then
    say "comparing gold with the reports of the database"
    PYTHONPATH=lake/tests PYTHONDONTWRITEBYTECODE=1 .local/lake-venv/bin/python -m cloud.reports
fi

cat <<END

The lake is up. After each change of rows, run the pipeline again, then query it.
  source .local/env
  $TARGET/rowgate lake run --wait
  $TARGET/rowgate lake query "$query"
  $TARGET/rowgate lake tables
END
