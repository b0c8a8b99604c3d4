//! The people's door, called as people call it, and the user pool behind it.

use aws_config::BehaviorVersion;
use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::types::{AuthFlowType, AuthenticationResultType, MessageActionType};
use aws_smithy_http_client::Builder;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, Reply};
use super::cloud::variable;
use super::rows::Ids;

/// The password of every account of these tests.
pub(crate) const PASSWORD: &str = "Right-horse-9-battery";

/// The door, and the first operator's session.
pub(crate) struct People {
    /// Whose key is no key.
    pub(crate) api: Api,
    pub(crate) operator: Session,
    pub(crate) cognito: Client,
    /// The pool of the stack.
    pub(crate) pool: String,
    /// The pool's client for the door.
    pub(crate) client: String,
}

/// The tokens of a login.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) username: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl People {
    pub(crate) async fn connect() -> Self {
        let api = Api::new(variable("ROWGATE_PEOPLE_URL"), "none".to_owned());
        let name = variable("ROWGATE_CONSOLE_USER");
        let operator = login(&api, &name, &variable("ROWGATE_CONSOLE_PASSWORD")).await;
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().build_http())
            .load()
            .await;
        let claims = claims_of(&operator.access);
        let text = |name: &str| claims[name].as_str().unwrap().to_owned();
        let pool = text("iss").rsplit('/').next().unwrap().to_owned();
        Self { api, operator, cognito: Client::new(&config), pool, client: text("client_id") }
    }

    /// An account of this test's own, approved for these groups and signed in.
    pub(crate) async fn member(&self, ids: &Ids, name: &str, groups: &[&str]) -> Session {
        let username = format!("{name}-{}@rowgate.example", ids.number);
        let body = json!({"username": username, "password": PASSWORD});
        let reply = self.open(Method::POST, "/register", &body).await;
        assert_eq!(reply.status, 202, "{reply:?}");
        let path = format!("/accounts/{username}/approve");
        let reply = self.call(&self.operator, Method::POST, &path, &json!({"groups": groups})).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self.login(&username).await
    }

    /// Signs an account of these tests in.
    pub(crate) async fn login(&self, username: &str) -> Session {
        login(&self.api, username, PASSWORD).await
    }

    /// A call without a token.
    pub(crate) async fn open(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.api.send(self.api.keyless(method, path).json(body)).await
    }

    /// A call with whatever stands for a token.
    pub(crate) async fn with_token(&self, token: &str, method: Method, path: &str, body: &Value) -> Reply {
        self.api.send(self.api.keyless(method, path).bearer_auth(token).json(body)).await
    }

    pub(crate) async fn call(&self, of: &Session, method: Method, path: &str, body: &Value) -> Reply {
        self.with_token(&of.access, method, path, body).await
    }

    pub(crate) async fn get(&self, of: &Session, path: &str) -> Reply {
        self.api.send(self.api.keyless(Method::GET, path).bearer_auth(&of.access)).await
    }

    /// An account that was made in a pool past the door.
    pub(crate) async fn add_to(&self, pool: &str, username: &str) {
        let create = self.cognito.admin_create_user().user_pool_id(pool).username(username);
        create.message_action(MessageActionType::Suppress).send().await.unwrap();
        let set = self.cognito.admin_set_user_password().user_pool_id(pool).username(username);
        set.password(PASSWORD).permanent(true).send().await.unwrap();
    }

    /// The tokens that a pool gives an account of these tests, past the door.
    pub(crate) async fn tokens_of(
        &self,
        pool: &str,
        client: &str,
        username: &str,
    ) -> AuthenticationResultType {
        let start = self.cognito.admin_initiate_auth().user_pool_id(pool).client_id(client);
        let start = start.auth_flow(AuthFlowType::AdminUserPasswordAuth);
        let start = start.auth_parameters("USERNAME", username).auth_parameters("PASSWORD", PASSWORD);
        start.send().await.unwrap().authentication_result.unwrap()
    }
}

/// A session of an account in each of these groups, and of one in none of them, by group.
pub(crate) async fn sessions_of(people: &People, ids: &Ids) -> [(&'static str, Session); 4] {
    let stranger = format!("stranger-{}@rowgate.example", ids.number);
    people.add_to(&people.pool, &stranger).await;
    let tokens = people.tokens_of(&people.pool, &people.client, &stranger).await;
    let stranger = Session {
        username: stranger,
        access: tokens.access_token.unwrap(),
        refresh: tokens.refresh_token.unwrap(),
    };
    [
        ("", stranger),
        ("reader", people.member(ids, "reader", &["reader"]).await),
        ("writer", people.member(ids, "writer", &["writer"]).await),
        ("operator", people.member(ids, "operator", &["operator"]).await),
    ]
}

async fn login(api: &Api, username: &str, password: &str) -> Session {
    let body = json!({"username": username, "password": password});
    let reply = api.send(api.keyless(Method::POST, "/login").json(&body)).await;
    assert_eq!(reply.status, 200, "{username}: {reply:?}");
    let tokens = reply.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(300)));
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    Session { username: username.to_owned(), access: text("access_token"), refresh: text("refresh_token") }
}

/// Returns the claims of a token.
fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
