//! That the harness can fail.

use anyhow::{Result, bail};

use crate::Place;
use crate::plan::Plan;
use crate::rows::TABLES;
use crate::run::Tampering;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_behind_the_functions_backs_is_noticed() -> Result<()> {
    let place = Place::find()?;
    let lane = place.lane().await?;
    let mut plan = Plan::draw(1).calm();
    (plan.verifies, plan.puts_back, plan.employees) = (false, false, 500);
    plan.restored = TABLES.to_vec();
    lane.run(&plan).await?;
    for tampering in [
        Tampering::Sql("DELETE FROM employees WHERE id < 500 LIMIT 1"),
        Tampering::Sql("DELETE FROM employees ORDER BY id DESC LIMIT 1"),
        Tampering::Sql("DELETE FROM `KEPT` WHERE id = 900000"),
        Tampering::Sql("UPDATE jobs SET job_name = 'x' WHERE id = 7"),
        Tampering::Sql("INSERT INTO jobs VALUES (77, 'x')"),
        Tampering::Sql("INSERT INTO employees SELECT * FROM `KEPT` WHERE id > 3000000"),
        Tampering::Sql("CREATE TABLE rowgate_restored LIKE employees"),
        Tampering::Sql("ALTER TABLE employees DROP KEY employees_by_job"),
        Tampering::Part,
        Tampering::NoPart,
        Tampering::Manifest("\"rows\": ", "\"rows\": 1"),
        Tampering::Manifest("\"checksum\": \"", "\"checksum\": \"f"),
        Tampering::Manifest("\"sha256\": \"", "\"sha256\": \"f"),
    ] {
        match lane.run_and(&plan, Some(tampering)).await {
            Ok(_) => bail!("{tampering:?} was not noticed"),
            Err(error) => println!("{tampering:?}: {}", error.root_cause()),
        }
    }
    std::fs::remove_dir_all(place.logs.path())?;
    Ok(())
}
