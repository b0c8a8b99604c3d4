//! Proofs that an oracle can fail.

use std::fmt::Debug;

use anyhow::{Result, bail};

/// Does a run for each way to tamper with its result, and fails unless each one is noticed.
pub(crate) async fn each_is_noticed<T: Copy + Debug, R>(
    ways: impl IntoIterator<Item = T>,
    run: impl AsyncFn(T) -> Result<R>,
) -> Result<()> {
    for way in ways {
        match run(way).await {
            Ok(_) => bail!("{way:?} was not noticed"),
            Err(error) => println!("{way:?}: {}", error.root_cause()),
        }
    }
    Ok(())
}
