//! Undoing a restore: a table becomes what it was before.

use restore::InvocationError;
use serde_json::json;

use crate::support::{BACKUP, Made, World, all_of_it, named};

async fn restored() -> (World, String) {
    let world = World::start().await;
    let tables = [("collections", &*named([1])), ("tags", &named(1..=3))];
    world.back_up(BACKUP, &tables, Made::default()).await;
    world.sql("INSERT INTO tags VALUES (99, 'before')").await;
    let restored = world.restore(all_of_it()).await;
    (world, restored.restore.to_string())
}

async fn tags(world: &World) -> String {
    world.db.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM tags").await.unwrap()
}

#[tokio::test]
async fn undoes_a_table_and_undoes_that_again() {
    let (world, first) = restored().await;
    world.sql("INSERT INTO tags VALUES (50, 'since')").await;
    let back = world.restore(json!({ "put_back": first, "tables": ["tags"] })).await;
    assert_eq!(tags(&world).await, "99");
    assert_eq!(world.rows("collections").await.len(), 1);
    world.restore(json!({ "put_back": back.restore })).await;
    assert_eq!(tags(&world).await, "1,2,3,50");
}

#[tokio::test]
async fn a_restore_without_previous_tables_cannot_be_undone() {
    let (world, first) = restored().await;
    world.restore(json!({ "backup": BACKUP })).await;
    let reason = world.fails(json!({ "put_back": first })).await;
    assert_eq!(reason, format!("restore {first} keeps no table that could be put back (any more)"));
    let reason = world.fails(json!({ "put_back": first, "tables": ["tags"] })).await;
    assert!(reason.contains("keeps no former table of that name"), "{reason}");
    assert_eq!(tags(&world).await, "1,2,3");
    let unknown = world.invoke(json!({ "put_back": "20261121-100000-0000000a" })).await;
    assert!(matches!(unknown, Err(InvocationError::Unknown(_))));
}
