#!/usr/bin/env bash
# make bench-lake: measures the lake, from backup to gold, on Sail and on Spark itself, and prints a
# table. BENCH='...' goes to the program; see lake/bench.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

read -ra options <<<"${BENCH:-}"

alone bench-lake
forget_environment
need_lake
need_spark_jars
PYTHONPATH=lake:lake/tests PYTHONDONTWRITEBYTECODE=1 .local/lake-venv/bin/python lake/bench ${options[@]+"${options[@]}"}
