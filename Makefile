# Rowgate on one machine. `make` shows what there is.
# Each target installs what it needs, says what it does, and stops with one sentence where something is missing.

SHELL := /bin/bash
.DEFAULT_GOAL := help
# mariadb or mysql, for the scripts.
export DATABASE
.PHONY: help run lake down clean status check test test-all test-spark kill-test fuzz bench bench-lake fmt

help: ## show this
	@echo 'Rowgate: rows in over HTTP and S3, reports out. On this machine:'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  make run SQL=<folder>    with your own folder of tables in place of sql/; the cloud remembers it'
	@echo '  make run DATA=<folder>   with your own files, one <table>.csv for each table'
	@echo '  make run DATABASE=mysql  on MySQL in place of MariaDB; so do test, test-all, kill-test and bench.'
	@echo '                           Its mysqld is on the PATH, or ROWGATE_MYSQLD names it'
	@echo
	@echo 'Afterwards: source .local/env'

run: ## start the local cloud, deploy, load sample data, print every report; leaves it up
	@SQL="$(SQL)" DATA="$(DATA)" scripts/run.sh

lake: ## on a local cloud that is up: install the lake's engine, deploy it, run it from backup to gold, print a gold table
	@scripts/lake.sh

down: ## stop the local cloud; its data stays
	@scripts/local.sh down

clean: ## stop the local cloud and remove its data
	@scripts/local.sh clean

status: ## show what of the local cloud runs
	@scripts/local.sh status

check: ## the fast loop: format, lints and unit tests, without database or cloud
	@scripts/check.sh

test: ## run everything that decides whether a change is right, on a cloud of its own
	@scripts/test.sh

test-all: ## make test and what takes long: drawn chaos runs (RUNS=<number>, SEED=<seed>), many more generated cases, known vulnerabilities, make test-spark, Airflow
	@RUNS="$(RUNS)" SEED="$(SEED)" scripts/test.sh all

test-spark: ## the tests of the lake's transformations on Spark itself, with Java, in place of Sail
	@scripts/test-spark.sh

kill-test: ## kill and disturb requests, loads, backups and restores at random moments, 100 times or RUNS=<number>; one run again with SEED=<seed>
	@scripts/kill-test.sh "$(RUNS)" "$(SEED)"

fuzz: ## feed bytes that coverage guides to the readers of files and bodies: TARGET=<values, workbook, avro or json_rows>, SECONDS=<number>
	@scripts/fuzz.sh "$(TARGET)" "$(SECONDS)"

bench: ## measure, print a table
	@scripts/bench.sh

bench-lake: ## measure the lake from backup to gold, on Sail and on Spark itself, print a table
	@scripts/bench-lake.sh

fmt: ## format the Rust and the Python code
	@scripts/fmt.sh
