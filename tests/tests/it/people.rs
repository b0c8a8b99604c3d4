//! The people's door: who may call what with which token, and what nobody may.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::types::{
    AuthFlowType, ExplicitAuthFlowsType, TimeUnitsType, TokenValidityUnitsType,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Cloud, PASSWORD, People, Session, assert_problem, sessions_of, with_values};

/// The rights of accounts, from the least to the most; `account` is that of one without a group.
const RIGHTS: [&str; 4] = ["account", "reader", "writer", "operator"];

/// The methods that take a token, with the right that each is declared to need.
fn declared() -> Vec<(String, &'static str)> {
    let operations = openapi::operations().into_iter();
    let with_right = |operation: openapi::Operation<'static>| {
        Some((format!("{} {}", operation.method(), operation.path), operation.right()?))
    };
    operations.filter_map(with_right).collect()
}

/// Returns where a right is in `RIGHTS`.
fn rank(right: &str) -> usize {
    RIGHTS.iter().position(|name| *name == right).unwrap()
}

/// A call of a declared method that changes nothing, whoever makes it.
fn harmless(route: &str) -> (Method, String, Value) {
    let (method, path) = route.split_once(' ').unwrap();
    (method.parse().unwrap(), with_values(path), json!({"no such member": 1}))
}

fn encoded(json: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn each_group_may_call_what_is_declared_for_it() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let mut routes = declared();
    assert!(routes.len() > 30, "{routes:?}");
    // The last, because it ends the session.
    routes.sort_by_key(|(route, _)| route == "POST /logout");
    for (group, session) in sessions_of(&people, &ids).await {
        let has = rank(if group.is_empty() { "account" } else { group });
        for (route, needed) in &routes {
            let (method, path, body) = harmless(route);
            let reply = people.call(&session, method, &path, &body).await;
            if has < rank(needed) {
                assert_problem(&reply, 403, "forbidden");
            } else {
                assert!(!matches!(reply.status, 401 | 403 | 500..), "{group}, {route}: {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_not_the_pools_own_opens_nothing() {
    let ids = Cloud::connect().await.ids;
    let people = People::connect().await;
    let reader = people.member(&ids, "reader", &["reader"]).await;
    let parts: Vec<&str> = reader.access.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("a token has three parts") };
    let mut claims = decoded(payload);
    claims["cognito:groups"] = json!(["operator"]);
    claims["exp"] = json!(4_000_000_000_u64);
    let forged = encoded(&claims);
    let with_algorithm = |name: &str| {
        let mut header = decoded(header);
        header["alg"] = json!(name);
        encoded(&header)
    };
    let other_signature = if signature.starts_with('A') {
        signature.replacen('A', "B", 1)
    } else {
        format!("A{}", &signature[1..])
    };
    let other_pool = another_pools_token(&people, &ids.number.to_string()).await;
    let tokens = people.tokens_of(&people.pool, &people.client, &reader.username).await;
    let attacks = [
        ("altered claims", format!("{header}.{forged}.{signature}")),
        ("an altered signature", format!("{header}.{payload}.{other_signature}")),
        ("no signature", format!("{header}.{payload}.")),
        ("alg none", format!("{}.{forged}.", with_algorithm("none"))),
        ("alg none with a signature", format!("{}.{payload}.{signature}", with_algorithm("None"))),
        ("alg HS256", format!("{}.{forged}.{signature}", with_algorithm("HS256"))),
        ("another pool's", other_pool),
        ("an id token", tokens.id_token.unwrap()),
        ("a refresh token", reader.refresh.clone()),
        ("an expired one", expired_token(&people, &reader).await),
        ("something else", "x".to_owned()),
        ("nothing", String::new()),
    ];
    for (what, token) in attacks {
        for (method, path) in [
            (Method::GET, "/tables"),
            (Method::POST, "/backups"),
            (Method::POST, "/logout"),
            (Method::GET, "/me"),
        ] {
            let reply = people.with_token(&token, method, path, &json!({})).await;
            assert_eq!(reply.status, 401, "{what}: {reply:?}");
            assert_problem(&reply, 401, "unauthorized");
            assert_eq!(reply.header("www-authenticate"), "Bearer", "{what}");
        }
    }
    // The token itself is good all the while.
    assert_eq!(people.get(&reader, "/tables").await.status, 200);
}

/// A token of an account with the same name and all rights, in a pool that anybody could make.
async fn another_pools_token(people: &People, name: &str) -> String {
    let cognito = &people.cognito;
    let pool = cognito.create_user_pool().pool_name(format!("e2e-{name}")).send().await.unwrap();
    let pool = pool.user_pool.unwrap().id.unwrap();
    let client = cognito.create_user_pool_client().user_pool_id(&pool).client_name("e2e");
    let client = client.explicit_auth_flows(ExplicitAuthFlowsType::AllowAdminUserPasswordAuth);
    let client = client.send().await.unwrap().user_pool_client.unwrap().client_id.unwrap();
    people.add_to(&pool, &people.operator.username).await;
    cognito.create_group().user_pool_id(&pool).group_name("operator").send().await.unwrap();
    let join = cognito.admin_add_user_to_group().user_pool_id(&pool).group_name("operator");
    join.username(&people.operator.username).send().await.unwrap();
    let token = people.tokens_of(&pool, &client, &people.operator.username).await.access_token.unwrap();
    cognito.delete_user_pool().user_pool_id(&pool).send().await.unwrap();
    token
}

/// A token of the pool that has expired: the pool itself signed it, for a second.
async fn expired_token(people: &People, of: &Session) -> String {
    let cognito = &people.cognito;
    let client = cognito.create_user_pool_client().user_pool_id(&people.pool).client_name("e2e");
    let client = client.explicit_auth_flows(ExplicitAuthFlowsType::AllowAdminUserPasswordAuth);
    let units = TokenValidityUnitsType::builder().access_token(TimeUnitsType::Seconds).build();
    let client = client.token_validity_units(units).access_token_validity(1).send().await.unwrap();
    let client = client.user_pool_client.unwrap().client_id.unwrap();
    let token = people.tokens_of(&people.pool, &client, &of.username).await.access_token.unwrap();
    cognito.delete_user_pool_client().user_pool_id(&people.pool).client_id(&client).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    token
}

#[tokio::test]
async fn what_a_caller_writes_beside_the_token_gives_no_right() {
    let cloud = Cloud::connect().await;
    let people = People::connect().await;
    let reader = people.member(&cloud.ids, "reader", &["reader"]).await;
    let path = format!("/tables/jobs/rows/{}", cloud.ids.base);
    let request = people.api.keyless(Method::DELETE, &path).bearer_auth(&reader.access);
    let request = request
        .header("x-api-key", cloud.as_operator().key)
        .header("cognito-groups", "operator")
        .header("x-amzn-oidc-identity", &people.operator.username)
        .header("username", &people.operator.username);
    assert_problem(&people.api.send(request).await, 403, "forbidden");
    // Nor does a token open the scripts' door, or a key the people's.
    let request = cloud.api.keyless(Method::GET, "/tables").bearer_auth(&people.operator.access);
    assert_problem(&cloud.api.send(request).await, 403, "forbidden");
    let request = people.api.keyless(Method::GET, "/tables").header("x-api-key", &cloud.api.key);
    assert_problem(&people.api.send(request).await, 401, "unauthorized");
    // Nor a token where cookies and queries are.
    let request = people.api.keyless(Method::GET, "/tables?authorization=x");
    let request = request.header("cookie", format!("Authorization={}", reader.access));
    assert_problem(&people.api.send(request).await, 401, "unauthorized");
}

#[tokio::test]
async fn a_team_sees_its_tables_only() {
    let cloud = Cloud::connect().await;
    let people = People::connect().await;
    let id = cloud.ids.at(1);
    let team = people.member(&cloud.ids, "team", &["writer", "table:jobs"]).await;
    let me = people.get(&team, "/me").await.json();
    assert_eq!((&me["groups"], &me["tables"]), (&json!(["writer"]), &json!(["jobs"])));
    let tables = people.get(&team, "/tables").await.json();
    let names: Vec<&Value> =
        tables["tables"].as_array().unwrap().iter().map(|table| &table["name"]).collect();
    assert_eq!(names, ["jobs"]);
    let row = json!({"id": id, "job_name": "Clerk"});
    let own = people.call(&team, Method::POST, "/tables/jobs/rows", &row).await;
    assert_eq!(own.status, 201, "{own:?}");

    let employee = cloud.ids.employee(1);
    let file = json!({"table": "employees", "file": "a.csv"});
    let check = json!({"table": "employees", "file": "a.csv", "content": "MSwy", "whole": true});
    let of_others = [
        (Method::GET, "/tables/employees/rows".to_owned(), json!({})),
        (Method::GET, format!("/tables/employees/rows/{id}"), json!({})),
        (Method::PUT, format!("/tables/departments/rows/{id}"), json!({"department_name": "x"})),
        (Method::POST, "/tables/employees/rows".to_owned(), employee.clone()),
        (Method::POST, "/insert_data".to_owned(), json!({"jobs": [row], "employees": [employee]})),
        (Method::GET, "/reports/hires-by-quarter".to_owned(), json!({})),
        (Method::GET, "/outliers?table=employees".to_owned(), json!({})),
        (Method::POST, "/uploads".to_owned(), file),
        (Method::POST, "/uploads/check".to_owned(), check),
        (Method::GET, "/backups".to_owned(), json!({})),
        (Method::GET, "/restores".to_owned(), json!({})),
    ];
    for (method, path, body) in of_others {
        let reply = people.call(&team, method, &path, &body).await;
        assert_eq!(reply.status, 403, "{path}: {reply:?}");
        assert_problem(&reply, 403, "forbidden");
    }
    let reports = people.get(&team, "/reports").await.json();
    let reports = reports["reports"].as_array().unwrap();
    assert!(reports.iter().all(|report| report["tables"] == json!(["jobs"])), "{reports:?}");
    // Files that a team may not see are in no list either.
    let key = cloud.key("departments", "secret.csv");
    let body = format!("{id},Secret\n").into_bytes();
    cloud.s3.put_object().bucket(&cloud.bucket).key(&key).body(body.into()).send().await.unwrap();
    let load = loop {
        let found = people.get(&people.operator, &format!("/loads?key={key}")).await.json();
        if let Some(load) = found["loads"].as_array().unwrap().first() {
            break load.clone();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let path = format!("/loads/{}", load["load"].as_str().unwrap());
    assert_problem(&people.get(&team, &path).await, 403, "forbidden");
    let listed = people.get(&team, &format!("/loads?key={key}")).await;
    assert!(!listed.text.contains("secret.csv"), "{listed:?}");
    let days = people.get(&team, "/activity").await.json();
    let foreign = days["days"].as_array().unwrap().iter().find(|day| day["table"] != "jobs");
    assert_eq!(foreign, None);
}

#[tokio::test]
async fn from_registration_to_rows_and_out_again() {
    let cloud = Cloud::connect().await;
    let people = People::connect().await;
    let username = format!("new-{}@rowgate.example", cloud.ids.number);
    let credentials = json!({"username": username, "password": PASSWORD});
    // The answer is the same for a name that is taken.
    for _ in 0..2 {
        let reply = people.open(Method::POST, "/register", &credentials).await;
        assert_eq!((reply.status, reply.json()), (202, json!({"status": "pending-approval"})));
    }
    let reply = people.open(Method::POST, "/login", &credentials).await;
    assert_problem(&reply, 403, "pending-approval");
    let approve = format!("/accounts/{username}/approve");
    let reply = people.call(&people.operator, Method::POST, &approve, &json!({"groups": ["writer"]})).await;
    assert_eq!(reply.status, 200, "{reply:?}");

    let session = people.login(&username).await;
    let row = json!({"id": cloud.ids.at(1), "job_name": "Newcomer"});
    assert_eq!(people.call(&session, Method::POST, "/tables/jobs/rows", &row).await.status, 201);
    let path = format!("/tables/jobs/rows/{}", cloud.ids.at(1));
    assert_eq!(people.get(&session, &path).await.json(), row);
    let audit = people.get(&people.operator, &format!("/audit?username={username}")).await.json();
    let entry = audit["entries"].as_array().unwrap().iter().find(|entry| entry["action"] == "insert-rows");
    let entry = entry.unwrap_or_else(|| panic!("the change is in the audit trail: {audit}"));
    assert_eq!((&entry["table"], &entry["after"]["job_name"]), (&json!("jobs"), &json!("Newcomer")));

    let refresh = json!({"refresh_token": session.refresh});
    assert_eq!(people.open(Method::POST, "/refresh", &refresh).await.status, 200);
    assert_eq!(people.call(&session, Method::POST, "/logout", &json!({})).await.status, 204);
    assert_problem(&people.open(Method::POST, "/refresh", &refresh).await, 401, "session-over");

    // Disabled, it is as wrong as a wrong password.
    let again = people.login(&username).await;
    let disable = format!("/accounts/{username}/disable");
    assert_eq!(people.call(&people.operator, Method::POST, &disable, &json!({})).await.status, 200);
    assert_problem(&people.open(Method::POST, "/login", &credentials).await, 401, "wrong-credentials");
    let refresh = json!({"refresh_token": again.refresh});
    assert_problem(&people.open(Method::POST, "/refresh", &refresh).await, 401, "session-over");
}

#[tokio::test]
async fn who_guesses_a_password_is_locked_out_and_learns_nothing() {
    let cloud = Cloud::connect().await;
    let people = People::connect().await;
    let member = people.member(&cloud.ids, "guessed", &["reader"]).await;
    let login = async |username: &str, password: &str| {
        let body = json!({"username": username, "password": password});
        people.open(Method::POST, "/login", &body).await
    };
    let unknown = login("nobody@rowgate.example", PASSWORD).await;
    assert_problem(&unknown, 401, "wrong-credentials");
    for _ in 0..7 {
        let wrong = login(&member.username, "Wrong-horse-9-battery").await;
        assert_eq!((wrong.status, &wrong.text), (401, &unknown.text));
    }
    let locked = login(&member.username, PASSWORD).await;
    assert_eq!((locked.status, &locked.text), (401, &unknown.text));
}

#[tokio::test]
async fn nobody_gets_past_the_accounts_function_into_the_pool() {
    let people = People::connect().await;
    let sign_up = people.cognito.sign_up().client_id(&people.client).username("past@rowgate.example");
    let refused = sign_up.password(PASSWORD).send().await.unwrap_err().into_service_error();
    assert!(refused.is_not_authorized_exception(), "{refused:?}");
    let start = people.cognito.initiate_auth().client_id(&people.client);
    let start = start.auth_flow(AuthFlowType::UserPasswordAuth);
    let start = start.auth_parameters("USERNAME", &people.operator.username);
    let refused = start.auth_parameters("PASSWORD", PASSWORD).send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_exception(), "the flow is not enabled: {refused:?}");
}

#[tokio::test]
async fn a_door_that_is_open_still_takes_no_large_body_and_no_flood() {
    let people = People::connect().await;
    let large = json!({"username": "a@rowgate.example", "password": "x".repeat(100_000)});
    for path in ["/login", "/register", "/refresh"] {
        assert_problem(&people.open(Method::POST, path, &large).await, 413, "payload-too-large");
    }
    let api = &people.api;
    let body = json!({"username": "not an address", "password": PASSWORD});
    let (throttled, _) = api.flood(api.keyless(Method::POST, "/register").json(&body), 40).await;
    assert!(!throttled.is_empty());
}

#[tokio::test]
async fn the_console_is_there_for_everybody_and_runs_its_own_scripts_alone() {
    let cloud = Cloud::connect().await;
    let people = People::connect().await;
    let page = people.api.send(people.api.keyless(Method::GET, "/console")).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.split("; ").any(|found| found == rule), "{rule}: {policy}");
    }
    assert!(policy.contains(&format!("connect-src 'self' {}", cloud.endpoint)), "{policy}");
    assert_eq!((page.header("x-frame-options"), page.header("cache-control")), ("DENY", "no-cache"));
    // Each file that the page names is there, kept for a year.
    let names: Vec<&str> =
        page.text.split('"').filter_map(|text| text.strip_prefix("./").or(Some(text))).collect();
    let files: Vec<&&str> = names.iter().filter(|name| name.starts_with("console/assets/")).collect();
    assert!(!files.is_empty(), "{}", page.text);
    for file in files {
        let reply = people.api.send(people.api.keyless(Method::GET, &format!("/{file}"))).await;
        assert_eq!(reply.status, 200, "{file}");
        assert!(reply.header("cache-control").contains("immutable"), "{file}");
    }
    for path in ["/console/nothing.js", "/console/..%2f..%2fbootstrap", "/console/%2e%2e/index.html"] {
        assert_eq!(people.api.send(people.api.keyless(Method::GET, path)).await.status, 404, "{path}");
    }
}
