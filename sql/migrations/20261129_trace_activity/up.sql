-- What came in by day is asked for of some weeks, however long the ledger is.

ALTER TABLE rowgate_loads
    ADD KEY rowgate_loads_by_start (started_at);
