//! Proves that the oracle can fail.

use anyhow::Result;

use super::place;
use super::run::{Plan, Tampering, run};
use crate::proof::each_is_noticed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_answer_confirmed_is_noticed() -> Result<()> {
    let place = place()?;
    let lane = place.lane().await?;
    let calm = Plan { clients: 3, requests: 8, ..Plan::draw(1).calm() };
    let tally = run(&lane, &calm).await?;
    println!("without faults: {tally}");
    let statements = [
        "DELETE FROM employees ORDER BY id LIMIT 1",
        "UPDATE employees SET datetime = datetime + INTERVAL 1 SECOND LIMIT 1",
        "INSERT INTO jobs VALUES (77, 'x')",
        "DELETE FROM rowgate_rejected_rows LIMIT 1",
        "DELETE FROM rowgate_idempotency_keys LIMIT 1",
        "UPDATE rowgate_idempotency_keys SET answer = CONCAT(answer, ' ') LIMIT 1",
        "UPDATE rowgate_idempotency_keys SET status = NULL LIMIT 1",
    ];
    let ways = statements.map(|sql| (Tampering::Sql(sql), 8)).into_iter().chain([(Tampering::Keyless, 1)]);
    each_is_noticed(ways, async |(tampering, requests)| {
        run(&lane, &Plan { requests, tampering: Some(tampering), ..calm.clone() }).await
    })
    .await?;
    place.forget_logs()
}
