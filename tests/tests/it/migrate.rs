//! The migrator, invoked as an operator invokes it.

use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

use crate::support::Cloud;

#[tokio::test]
async fn a_migrated_database_has_nothing_to_migrate() {
    let cloud = Cloud::connect().await;
    let applied = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()";
    let before = cloud.database.number(applied).await;
    // Twice at once as well.
    let invoke = || {
        let call = cloud.lambda.invoke().function_name("rowgate-migrate").payload(Blob::new("{}"));
        tokio::spawn(call.send())
    };
    for call in [invoke(), invoke()] {
        let answer = call.await.unwrap().unwrap();
        let payload: Value = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
        assert_eq!(answer.function_error(), None, "{payload}");
        assert_eq!(payload["applied"], serde_json::json!([]), "{payload}");
    }
    assert_eq!(cloud.database.number(applied).await, before);
}
