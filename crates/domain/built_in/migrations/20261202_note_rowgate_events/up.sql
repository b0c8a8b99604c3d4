-- Events for other programs that are still to be sent: noted in the transaction that ends a load or
-- a restore, and cleared once the event is sent, so that a function that is killed in between loses
-- none. Where no bus is configured nothing is sent, and the notes stay.

ALTER TABLE rowgate_loads
    ADD COLUMN event_due BOOLEAN NOT NULL DEFAULT FALSE,
    ADD KEY rowgate_loads_by_event (event_due, finished_at);

ALTER TABLE rowgate_restores
    ADD COLUMN event_due BOOLEAN NOT NULL DEFAULT FALSE,
    ADD KEY rowgate_restores_by_event (event_due, finished_at);
