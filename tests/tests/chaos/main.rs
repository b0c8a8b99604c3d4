//! Chaos tests: the functions' own programs, killed and stopped at random moments, while the Data
//! API, S3, Lambda and the database fail now and then.
//!
//! - [`loads`]: every row of a file counts exactly once.
//! - [`backups`]: a backup is whole or not there; a restored table is as before or as backed up.
//! - [`requests`]: the tables hold what clients were answered.
//!
//! Each run is drawn from a seed: its input, its settings and its fault plan ([`plan`]). The same
//! seed gives the same plan, but what a fault hits depends on the machine, so a seed that failed
//! once may pass the next time. An oracle computes what must be there from how the input was made;
//! it uses none of the code under test. Each kind has a `proof` that its oracle can fail.
//!
//! | variable | what |
//! |---|---|
//! | `ROWGATE_KILL_RUNS` | the number of runs; requests have one for each 50 |
//! | `ROWGATE_KILL_SEED` | the seed of the first run; without a number of runs, of the only one |
//! | `ROWGATE_FUNCTIONS` | the folder of the functions' programs |
//! | `ROWGATE_CHAOS_LOGS` | the folder for the logs of failed runs |
#![expect(clippy::print_stdout, reason = "tests that run for minutes print their progress")]

mod backups;
mod faults;
mod fleet;
mod gateway;
mod lane;
mod loads;
mod plan;
mod proof;
mod requests;
mod rows;
mod runs;
