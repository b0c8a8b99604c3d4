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

sql="SELECT * FROM hires_by_quarter WHERE year = 2021 ORDER BY department, job LIMIT 10"
say "$sql"
"$TARGET/rowgate" lake query "$sql"

say "comparing gold with the reports of the database"
PYTHONPATH=lake/tests PYTHONDONTWRITEBYTECODE=1 .local/lake-venv/bin/python -m cloud.reports

cat <<END

The lake is up. After each change of rows, run the pipeline again, then query it.
  source .local/env
  $TARGET/rowgate lake run --wait
  $TARGET/rowgate lake query "SELECT COUNT(*) FROM rowgate_silver.employees"
  $TARGET/rowgate lake tables
END
