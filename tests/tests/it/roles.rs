//! The local cloud enforces policies as AWS does: functions have the rights of their roles, and no
//! more. All the other tests show that these are enough; infra/test/functions lists them.

use serde_json::{Value, json};

use crate::support::Cloud;

/// Creates a copy of the backup function with a role that has these rights.
async fn copy_backup(cloud: &Cloud, name: &str, rights: &[Value]) {
    let role = cloud.create_role(name, rights).await;
    cloud.copy_function("rowgate-backup", name, role, &[], None).await;
}

async fn remove_copy(cloud: &Cloud, name: &str) {
    cloud.lambda.delete_function().function_name(name).send().await.unwrap();
    cloud.remove_role(name).await;
}

#[tokio::test]
async fn a_function_that_lacks_a_right_of_its_role_cannot_do_its_work() {
    let cloud = Cloud::connect().await;
    let rights = cloud.rights_of("rowgate-backup").await;
    let payload = json!({"tables": ["jobs"]});
    for lacking in ["WriteBackups", "UseDatabase", "ReadDatabaseSecret"] {
        let left: Vec<Value> = rights.iter().filter(|right| right["Sid"] != lacking).cloned().collect();
        assert_eq!(left.len(), rights.len() - 1, "{rights:?}");
        let name = format!("e2e-backup-{}-{lacking}", cloud.ids.number);
        copy_backup(&cloud, &name, &left).await;
        let (answer, failed) = cloud.invoke(&name, &payload).await;
        remove_copy(&cloud, &name).await;
        assert!(failed, "without {lacking}: {answer}");
    }
    // With all of them it can.
    let name = format!("e2e-backup-{}", cloud.ids.number);
    copy_backup(&cloud, &name, &rights).await;
    let (answer, failed) = cloud.invoke(&name, &payload).await;
    remove_copy(&cloud, &name).await;
    assert!(!failed, "{answer}");
}

#[tokio::test]
async fn what_is_deployed_has_no_right_on_everything() {
    let cloud = Cloud::connect().await;
    let functions = cloud.functions().await;
    assert!(functions.len() > 5, "{functions:?}");
    for function in functions {
        let rights = cloud.rights_of(&function).await;
        assert!(!rights.is_empty(), "{function}");
        for right in rights {
            let list = |of: &Value| match of {
                Value::Array(all) => all.clone(),
                one => vec![one.clone()],
            };
            assert_eq!(right["Effect"], "Allow", "{function}: {right}");
            assert!(list(&right["Resource"]).iter().all(|resource| *resource != "*"), "{function}: {right}");
            let actions = list(&right["Action"]);
            assert!(
                actions.iter().all(|action| !action.as_str().unwrap().contains('*')),
                "{function}: {right}"
            );
        }
    }
}
