//! Proves that the oracle can fail.

use anyhow::Result;
use testkit::hr::tables;

use super::place;
use super::plan::Plan;
use super::run::{Tampering, run};
use crate::proof::each_is_noticed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_behind_the_functions_backs_is_noticed() -> Result<()> {
    let place = place()?;
    let lane = place.lane().await?;
    let mut plan = Plan::draw(1).calm();
    (plan.verifies, plan.undoes, plan.employees) = (false, false, 500);
    plan.restored = tables();
    run(&lane, &plan, None).await?;
    let ways = [
        Tampering::Sql("DELETE FROM employees WHERE id < 500 LIMIT 1"),
        Tampering::Sql("DELETE FROM employees ORDER BY id DESC LIMIT 1"),
        Tampering::Sql("DELETE FROM `PREVIOUS` WHERE id = 900000"),
        Tampering::Sql("UPDATE jobs SET job_name = 'x' WHERE id = 7"),
        Tampering::Sql("INSERT INTO jobs VALUES (77, 'x')"),
        Tampering::Sql("INSERT INTO employees SELECT * FROM `PREVIOUS` WHERE id > 3000000"),
        Tampering::Sql("CREATE TABLE rowgate_restored LIKE employees"),
        Tampering::Sql("ALTER TABLE employees DROP KEY employees_by_job"),
        Tampering::Part,
        Tampering::NoPart,
        Tampering::Manifest("\"rows\": ", "\"rows\": 1"),
        Tampering::Manifest("\"checksum\": \"", "\"checksum\": \"f"),
        Tampering::Manifest("\"sha256\": \"", "\"sha256\": \"f"),
    ];
    each_is_noticed(ways, async |way| run(&lane, &plan, Some(way)).await).await?;
    place.forget_logs()
}
