//! The migrator, invoked as an operator invokes it.

use serde_json::json;

use crate::support::Cloud;

#[tokio::test]
async fn a_migrated_database_has_nothing_to_migrate() {
    let cloud = Cloud::connect().await;
    let applied = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()";
    let before = cloud.database.number(applied).await;
    // Twice at once as well.
    let invoke = async || cloud.invoke("rowgate-migrate", &json!({})).await;
    let (one, other) = tokio::join!(invoke(), invoke());
    for (answer, failed) in [one, other] {
        assert_eq!((failed, &answer["applied"]), (false, &json!([])), "{answer}");
    }
    assert_eq!(cloud.database.number(applied).await, before);
}
