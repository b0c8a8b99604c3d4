//! End-to-end tests of the deployed stack: see `tests/it`, and `outsider`, a client that knows nothing but the interfaces. And functions
//! killed at random moments, over and over: the loader (`tests/exactly_once`), backups and restores (`tests/never_half`), requests
//! (`tests/acknowledged`); see `make kill-test`.
//!
//! They run against a local cloud that `make test` starts, and find it through the variables of its `env` file. To run them
//! against a cloud of one's own: `rowgate local up --dir <dir>`, `source <dir>/env`, `cargo nextest run -p e2e`. Each test takes
//! ids and a year that no other test, and no earlier run, has had, so the tables need not be empty.
