//! That the harness can fail.

use anyhow::{Result, bail};
use testkit::local_data_api::OnError;

use crate::run::{Lane, Plan, Tampering};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_was_told_of_is_noticed() -> Result<()> {
    let lane = Lane::open().await?;
    let on_error = OnError::Abort;
    let calm = Plan { seed: 1, clients: 3, requests: 8, is_calm: true, on_error, tampering: None };
    let report = lane.run(&calm).await?;
    println!("in calm: {report}");
    for (tampering, requests) in [
        (Tampering::Keyless, 1),
        (Tampering::Sql("DELETE FROM employees ORDER BY id LIMIT 1"), 8),
        (Tampering::Sql("UPDATE employees SET datetime = datetime + INTERVAL 1 SECOND LIMIT 1"), 8),
        (Tampering::Sql("INSERT INTO jobs VALUES (77, 'x')"), 8),
        (Tampering::Sql("DELETE FROM rowgate_rejected_rows LIMIT 1"), 8),
        (Tampering::Sql("DELETE FROM rowgate_idempotency_keys LIMIT 1"), 8),
        (Tampering::Sql("UPDATE rowgate_idempotency_keys SET answer = CONCAT(answer, ' ') LIMIT 1"), 8),
        (Tampering::Sql("UPDATE rowgate_idempotency_keys SET status = NULL LIMIT 1"), 8),
    ] {
        match lane.run(&Plan { requests, tampering: Some(tampering), ..calm }).await {
            Ok(_) => bail!("{tampering:?} was not noticed"),
            Err(error) => println!("{tampering:?}: {}", error.root_cause()),
        }
    }
    Ok(())
}
