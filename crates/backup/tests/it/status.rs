//! The progress of a backup, as an invocation shows it.

use backup::{Answer, InvocationError, invoke};
use domain::backup::{BackupId, folder, state_key};
use serde_json::{Value, json};

use crate::support::{World, long, one_page};

impl World {
    /// Returns the function's answer, which needs no database.
    async fn status(&self, backup: &BackupId) -> Result<Value, InvocationError> {
        let before = self.db.data_api().calls();
        let answer = invoke(&self.backups(), json!({ "status": { "backup": backup } }), long()).await;
        assert_eq!(self.db.data_api().calls(), before);
        answer.map(|answer: Answer| serde_json::to_value(answer).unwrap())
    }
}

#[tokio::test]
async fn the_status_of_a_backup_can_be_asked_for_from_its_beginning_to_its_end() {
    let world = World::with_rows(3000).await;
    let done = world.make(&["tags", "documents"], one_page()).await.unwrap();
    let running = json!({ "backup": done.backup, "status": "running", "tables": {} });
    assert_eq!(world.status(&done.backup).await.unwrap(), running);
    let next = world.calls.take().unwrap();
    let backup = next.backup.clone();
    let done = world.backups().resume(&next, long()).await.unwrap();
    let completed = world.status(&backup).await.unwrap();
    assert_eq!(completed, serde_json::to_value(&done).unwrap(), "as the invocation that ended it answered");
    assert_eq!(
        (&completed["status"], &completed["tables"]["tags"]["rows"]),
        (&json!("completed"), &json!(3000))
    );

    world.store.remove(&done.tables["tags"].files[0]);
    let damaged = world.status(&backup).await.unwrap();
    let file = done.tables["tags"].files[0].strip_prefix(&folder(&backup)).unwrap();
    assert_eq!(
        (&damaged["status"], &damaged["error"]),
        (&json!("failed"), &json!(format!("the file {file} is missing")))
    );
}

#[tokio::test]
async fn a_backup_that_failed_or_was_interrupted_says_why() {
    let world = World::with_rows(10).await;
    world.sql("DROP TABLE tags").await;
    world.make(&["tags"], long()).await.unwrap_err();
    let key = world.store.keys().remove(0);
    let failed = BackupId::parse(key.split('/').nth(1).unwrap()).unwrap();
    let expected = json!({
        "backup": failed, "status": "failed", "tables": {}, "error": "the table tags is not in the database",
    });
    assert_eq!(world.status(&failed).await.unwrap(), expected);

    let backup = world.make(&["documents"], long()).await.unwrap().backup;
    let mut state = world.state(&backup);
    state["status"] = json!("running");
    state["active_at"] = json!("2020-01-01T00:00:00.000Z");
    world.store.remove(&domain::backup::manifest_key(&backup));
    world.store.insert(&state_key(&backup), state.to_string());
    let interrupted = world.status(&backup).await.unwrap();
    assert_eq!(interrupted["status"], "failed");
    assert!(interrupted["error"].as_str().unwrap().starts_with("it was interrupted"), "{interrupted}");
}

#[tokio::test]
async fn the_status_of_what_is_not_there_or_cannot_be_read_is_an_error() {
    let world = World::start().await;
    let unknown = BackupId::new(0, 1);
    let error = world.status(&unknown).await.unwrap_err();
    assert!(matches!(&error, InvocationError::Unknown(backup) if *backup == unknown), "{error}");
    world.store.stop_after(0);
    let error = world.status(&unknown).await.unwrap_err();
    world.store.resume();
    assert!(matches!(&error, InvocationError::Status(_)), "{error}");
}
