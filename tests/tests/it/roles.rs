//! The local cloud obeys policies as AWS does: functions have the rights of their roles, and no more. That these are enough is what
//! all the other tests show; which they are, infra/test/functions says.

use std::collections::HashMap;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode};
use serde_json::{Value, json};

use crate::support::Cloud;

const FUNCTIONS: [&str; 10] = [
    "rowgate-accounts",
    "rowgate-backup",
    "rowgate-canary",
    "rowgate-console",
    "rowgate-insert",
    "rowgate-loader",
    "rowgate-migrate",
    "rowgate-reports",
    "rowgate-restore",
    "rowgate-uploads",
];

/// A function with the stack's code and settings, and a role of the test's own with these rights.
async fn create_copy(cloud: &Cloud, name: &str, of: &str, rights: &[Value]) {
    let deployed = cloud.lambda.get_function().function_name(of).send().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let code = client.get(deployed.code().unwrap().location().unwrap()).send().await.unwrap();
    let code = Blob::new(code.error_for_status().unwrap().bytes().await.unwrap());
    let configuration = deployed.configuration.unwrap();
    let variables: HashMap<String, String> =
        configuration.environment().unwrap().variables().unwrap().clone();
    let create = cloud.lambda.create_function().function_name(name);
    let create = create
        .code(FunctionCode::builder().zip_file(code).build())
        .set_timeout(configuration.timeout)
        .set_runtime(configuration.runtime)
        .set_architectures(configuration.architectures)
        .set_handler(configuration.handler)
        .set_memory_size(configuration.memory_size)
        .role(cloud.create_role(name, rights).await)
        .environment(Environment::builder().set_variables(Some(variables)).build());
    create.send().await.unwrap();
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
        create_copy(&cloud, &name, "rowgate-backup", &left).await;
        let (answer, failed) = cloud.invoke(&name, &payload).await;
        remove_copy(&cloud, &name).await;
        assert!(failed, "without {lacking}: {answer}");
    }
    // With all of them it can.
    let name = format!("e2e-backup-{}", cloud.ids.number);
    create_copy(&cloud, &name, "rowgate-backup", &rights).await;
    let (answer, failed) = cloud.invoke(&name, &payload).await;
    remove_copy(&cloud, &name).await;
    assert!(!failed, "{answer}");
}

#[tokio::test]
async fn what_is_deployed_has_no_right_on_everything() {
    let cloud = Cloud::connect().await;
    for function in FUNCTIONS {
        let rights = cloud.rights_of(function).await;
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
