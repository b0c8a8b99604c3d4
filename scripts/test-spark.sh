#!/usr/bin/env bash
# make test-spark: the tests of the lake's transformations on Spark itself, with Delta, as Glue runs
# them. Without it they run on Sail, which needs no Java.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

alone test-spark
forget_environment
need_lake
need_spark_jars
spark_tests
