//! Tests of the adapter against a Cognito that replays answers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testkit::replay::{self, Exchange, Replay, answer, cut};

use super::*;

fn name() -> Username {
    Username::parse("ann@x.example").unwrap()
}

fn password() -> Password {
    Password::new("Sesame-open-7")
}

/// The user pool `pool` and its client `client`.
fn cognito(replay: &Replay) -> Cognito {
    Cognito::new(&replay.config(), "pool", "client")
}

fn refusal(operation: &'static str, code: &str) -> Exchange {
    replay::refusal(operation, code, "Words.")
}

fn token(groups: &[&str]) -> String {
    let claims = json!({ "username": "ann@x.example", "cognito:groups": groups });
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn refused(code: &str) -> DirectoryError {
    DirectoryError::Refused(code.to_owned())
}

fn failed(operation: &'static str, code: &str) -> DirectoryError {
    DirectoryError::Failed { operation, code: code.to_owned() }
}

fn busy(operation: &'static str, code: &str) -> DirectoryError {
    DirectoryError::Busy { operation, code: code.to_owned() }
}

/// Errors of every administrator's operation
/// (docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference, section Errors of each).
const OF_ALL: [&str; 5] = [
    "InvalidParameterException",
    "NotAuthorizedException",
    "OperationNotEnabledException",
    "ResourceNotFoundException",
    "AccessDeniedException",
];

/// Errors that the SDK retries before it reports them.
const PASSING: [&str; 3] = ["TooManyRequestsException", "InternalErrorException", "ThrottlingException"];

/// Calls with one error, which comes again as often as the SDK retries.
async fn with<T>(code: &str, call: impl AsyncFn(Cognito) -> Result<T>) -> Result<T> {
    call(cognito(&Replay::always(refusal("", code)))).await
}

#[tokio::test]
async fn a_user_is_made_without_a_message_and_without_attributes() {
    let user = json!({ "User": { "Username": "ann@x.example", "UserStatus": "FORCE_CHANGE_PASSWORD" } });
    let replay =
        Replay::new([answer("AdminCreateUser", user), refusal("AdminCreateUser", "UsernameExistsException")]);
    let cognito = cognito(&replay);
    assert_eq!(cognito.create(&name()).await, Ok(Created::New));
    assert_eq!(cognito.create(&name()).await, Ok(Created::Taken));
    let expected = json!({ "UserPoolId": "pool", "Username": "ann@x.example", "MessageAction": "SUPPRESS" });
    assert_eq!(replay.sent(), [expected.clone(), expected]);
    let others = [
        "CodeDeliveryFailureException",
        "InvalidLambdaResponseException",
        "InvalidPasswordException",
        "InvalidSmsRoleAccessPolicyException",
        "InvalidSmsRoleTrustRelationshipException",
        "PreconditionNotMetException",
        "UnexpectedLambdaException",
        "UnsupportedUserStateException",
        "UserLambdaValidationException",
    ];
    for code in OF_ALL.into_iter().chain(others) {
        let result = with(code, async |cognito| cognito.create(&name()).await).await;
        assert_eq!(result, Err(failed("AdminCreateUser", code)));
    }
    let result = with("UserNotFoundException", async |cognito| cognito.create(&name()).await).await;
    assert_eq!(result, Err(DirectoryError::NoUser));
}

#[tokio::test]
async fn a_password_is_set_for_good_or_breaks_the_rule() {
    let replay = Replay::new([answer("AdminSetUserPassword", json!({}))]);
    cognito(&replay).set_password(&name(), &password()).await.unwrap();
    let expected = json!({
        "UserPoolId": "pool", "Username": "ann@x.example", "Password": "Sesame-open-7", "Permanent": true
    });
    assert_eq!(replay.sent(), [expected]);
    let set = async |cognito: Cognito| cognito.set_password(&name(), &password()).await;
    for code in ["InvalidPasswordException", "PasswordHistoryPolicyViolationException"] {
        assert_eq!(with(code, set).await, Err(DirectoryError::Password));
    }
    for code in OF_ALL {
        assert_eq!(with(code, set).await, Err(failed("AdminSetUserPassword", code)));
    }
    assert_eq!(with("UserNotFoundException", set).await, Err(DirectoryError::NoUser));
}

#[tokio::test]
async fn a_session_is_what_the_token_says() {
    let result = json!({ "AuthenticationResult": {
        "AccessToken": token(&["reader", "table:tags"]), "RefreshToken": "r1", "IdToken": "i", "ExpiresIn": 300,
        "TokenType": "Bearer"
    }});
    let renewed = json!({ "AuthenticationResult": { "AccessToken": token(&[]), "ExpiresIn": 300 } });
    let replay = Replay::new([answer("AdminInitiateAuth", result), answer("AdminInitiateAuth", renewed)]);
    let cognito = cognito(&replay);
    let session = cognito.sign_in(&name(), &password()).await.unwrap();
    assert_eq!(session.username, "ann@x.example");
    assert_eq!(session.groups, ["reader", "table:tags"]);
    assert_eq!((session.refresh_token.as_deref(), session.expires_in), (Some("r1"), 300));
    assert!(!format!("{session:?}").contains("e30"), "tokens are shown nowhere");
    let session = cognito.renew("r1").await.unwrap();
    assert_eq!((session.refresh_token, session.groups), (None, vec![]));
    assert_eq!(
        replay.sent(),
        [
            json!({ "UserPoolId": "pool", "ClientId": "client", "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
                    "AuthParameters": { "USERNAME": "ann@x.example", "PASSWORD": "Sesame-open-7" } }),
            json!({ "UserPoolId": "pool", "ClientId": "client", "AuthFlow": "REFRESH_TOKEN_AUTH",
                    "AuthParameters": { "REFRESH_TOKEN": "r1" } }),
        ]
    );
}

#[tokio::test]
async fn every_wrong_credential_is_one_and_the_same_refusal() {
    let sign_in = async |cognito: Cognito| cognito.sign_in(&name(), &password()).await;
    let renew = async |cognito: Cognito| cognito.renew("r1").await;
    for code in [
        // Wrong, locked ("Password attempts exceeded"), disabled; taken back or over.
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
        "RefreshTokenReuseException",
    ] {
        assert_eq!(with(code, sign_in).await, Err(refused(code)));
        assert_eq!(with(code, renew).await, Err(refused(code)));
    }
    for code in [
        // The flow is not enabled for the client.
        "InvalidParameterException",
        "FeatureUnavailableInTierException",
        "InvalidEmailRoleAccessPolicyException",
        "InvalidLambdaResponseException",
        "InvalidSmsRoleAccessPolicyException",
        "InvalidSmsRoleTrustRelationshipException",
        "InvalidUserPoolConfigurationException",
        "MFAMethodNotFoundException",
        "OperationNotEnabledException",
        "ResourceNotFoundException",
        "UnexpectedLambdaException",
        "UnsupportedOperationException",
        "UserLambdaValidationException",
        "AccessDeniedException",
    ] {
        assert_eq!(with(code, sign_in).await, Err(failed("AdminInitiateAuth", code)));
        assert_eq!(with(code, renew).await, Err(failed("AdminInitiateAuth", code)));
    }
}

#[tokio::test]
async fn what_asks_for_more_than_a_password_is_no_session() {
    let challenge =
        json!({ "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s", "ChallengeParameters": {} });
    for (body, error) in [
        (challenge, refused("NEW_PASSWORD_REQUIRED")),
        (json!({ "ChallengeName": "SOFTWARE_TOKEN_MFA" }), refused("SOFTWARE_TOKEN_MFA")),
        (json!({}), refused("no result")),
        (json!({ "AuthenticationResult": {} }), failed("AdminInitiateAuth", "no access token")),
        (
            json!({ "AuthenticationResult": { "AccessToken": "x" } }),
            failed("AdminInitiateAuth", "no access token"),
        ),
    ] {
        let replay = Replay::new([answer("AdminInitiateAuth", body)]);
        assert_eq!(cognito(&replay).sign_in(&name(), &password()).await, Err(error));
    }
}

#[tokio::test]
async fn users_have_states_and_times() {
    let user = json!({
        "Username": "ann@x.example", "Enabled": true, "UserStatus": "CONFIRMED",
        "UserCreateDate": 1_795_968_000.5, "UserLastModifiedDate": 1_795_968_001
    });
    let half =
        json!({ "Username": "bea@x.example", "Enabled": false, "UserStatus": "FORCE_CHANGE_PASSWORD" });
    let replay = Replay::new([
        answer("AdminGetUser", user.clone()),
        refusal("AdminGetUser", "UserNotFoundException"),
        answer("ListUsers", json!({ "Users": [user, half, {}], "PaginationToken": "p2" })),
    ]);
    let cognito = cognito(&replay);
    let ann = cognito.get(&name()).await.unwrap().unwrap();
    assert!(ann.is_enabled && ann.has_password);
    assert_eq!(ann.created_at.unwrap().to_string(), "2026-11-29T16:00:00.5Z");
    assert_eq!(cognito.get(&name()).await, Ok(None));
    let page = cognito.list(2, Some("p1")).await.unwrap();
    assert_eq!(page.users.len(), 2);
    assert_eq!(page.users[0], ann);
    assert!(!page.users[1].is_enabled && !page.users[1].has_password && page.users[1].created_at.is_none());
    assert_eq!(page.next.as_deref(), Some("p2"));
    assert_eq!(replay.sent()[2], json!({ "UserPoolId": "pool", "Limit": 2, "PaginationToken": "p1" }));
    let list = async |after: Option<&'static str>, code| {
        with(code, async |cognito| cognito.list(2, after).await).await
    };
    assert_eq!(list(Some("x"), "InvalidParameterException").await, Err(DirectoryError::NoPage));
    for code in OF_ALL {
        assert_eq!(list(None, code).await, Err(failed("ListUsers", code)));
        assert_eq!(
            with(code, async |cognito| cognito.get(&name()).await).await,
            Err(failed("AdminGetUser", code))
        );
    }
}

#[tokio::test]
async fn lists_are_read_to_their_ends() {
    let group = |name: &str| json!({ "GroupName": name });
    let replay = Replay::new([
        answer("AdminListGroupsForUser", json!({ "Groups": [group("reader"), {}], "NextToken": "g2" })),
        answer("AdminListGroupsForUser", json!({ "Groups": [group("table:tags")] })),
        answer("ListUsersInGroup", json!({ "Users": [{ "Username": "ann@x.example" }], "NextToken": "u2" })),
        answer("ListUsersInGroup", json!({ "Users": [{ "Username": "bea@x.example" }] })),
    ]);
    let cognito = cognito(&replay);
    assert_eq!(cognito.groups("ann@x.example").await.unwrap(), ["reader", "table:tags"]);
    let members = cognito.members("operator").await.unwrap();
    let names: Vec<&str> = members.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["ann@x.example", "bea@x.example"]);
    let sent = replay.sent();
    assert_eq!(
        sent[1],
        json!({ "UserPoolId": "pool", "Username": "ann@x.example", "Limit": 60, "NextToken": "g2" })
    );
    assert_eq!(
        sent[3],
        json!({ "UserPoolId": "pool", "GroupName": "operator", "Limit": 60, "NextToken": "u2" })
    );
}

#[tokio::test]
async fn changes_ask_for_what_they_say() {
    let replay = Replay::new([
        answer("CreateGroup", json!({})),
        refusal("CreateGroup", "GroupExistsException"),
        answer("AdminAddUserToGroup", json!({})),
        refusal("AdminAddUserToGroup", "ResourceNotFoundException"),
        answer("AdminRemoveUserFromGroup", json!({})),
        answer("AdminEnableUser", json!({})),
        answer("AdminDisableUser", json!({})),
        answer("AdminUserGlobalSignOut", json!({})),
    ]);
    let (cognito, ann) = (cognito(&replay), name());
    cognito.create_group("table:tags").await.unwrap();
    cognito.create_group("table:tags").await.unwrap();
    assert_eq!(cognito.join(&ann, "table:tags").await, Ok(Joined::Yes));
    assert_eq!(cognito.join(&ann, "table:tags").await, Ok(Joined::NoGroup));
    cognito.leave(&ann, "table:tags").await.unwrap();
    cognito.enable(&ann).await.unwrap();
    cognito.disable(&ann).await.unwrap();
    cognito.sign_out("ann@x.example").await.unwrap();
    let group = json!({ "UserPoolId": "pool", "GroupName": "table:tags" });
    let both = json!({ "UserPoolId": "pool", "Username": "ann@x.example", "GroupName": "table:tags" });
    let user = json!({ "UserPoolId": "pool", "Username": "ann@x.example" });
    let expected = [&group, &group, &both, &both, &both, &user, &user, &user].map(Value::clone);
    assert_eq!(replay.sent(), expected);
}

#[tokio::test]
async fn refusals_of_changes_name_the_operation_and_the_code() {
    let ann = &name();
    for code in OF_ALL {
        let group = with(code, async |cognito| cognito.create_group("g").await).await;
        assert_eq!(group, Err(failed("CreateGroup", code)));
        if code != "ResourceNotFoundException" {
            let join = with(code, async |cognito| cognito.join(ann, "g").await).await;
            assert_eq!(join, Err(failed("AdminAddUserToGroup", code)));
        }
        let leave = with(code, async |cognito| cognito.leave(ann, "g").await).await;
        assert_eq!(leave, Err(failed("AdminRemoveUserFromGroup", code)));
        assert_eq!(
            with(code, async |cognito| cognito.enable(ann).await).await,
            Err(failed("AdminEnableUser", code))
        );
        assert_eq!(
            with(code, async |cognito| cognito.disable(ann).await).await,
            Err(failed("AdminDisableUser", code))
        );
        let out = with(code, async |cognito| cognito.sign_out("a").await).await;
        assert_eq!(out, Err(failed("AdminUserGlobalSignOut", code)));
        let groups = with(code, async |cognito| cognito.groups("a").await).await;
        assert_eq!(groups, Err(failed("AdminListGroupsForUser", code)));
        let members = with(code, async |cognito| cognito.members("g").await).await;
        assert_eq!(members, Err(failed("ListUsersInGroup", code)));
        let rule = with(code, async |cognito| cognito.password_rule().await).await;
        assert_eq!(rule, Err(failed("DescribeUserPool", code)));
    }
    // There are as many groups as a pool may have.
    let group = with("LimitExceededException", async |cognito| cognito.create_group("g").await).await;
    assert_eq!(group, Err(failed("CreateGroup", "LimitExceededException")));
    for call in [
        with("UserNotFoundException", async |cognito| cognito.join(ann, "g").await.map(drop)).await,
        with("UserNotFoundException", async |cognito| cognito.leave(ann, "g").await).await,
        with("UserNotFoundException", async |cognito| cognito.enable(ann).await).await,
        with("UserNotFoundException", async |cognito| cognito.disable(ann).await).await,
        with("UserNotFoundException", async |cognito| cognito.sign_out("a").await).await,
        with("UserNotFoundException", async |cognito| cognito.groups("a").await.map(drop)).await,
    ] {
        assert_eq!(call, Err(DirectoryError::NoUser));
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_then_busy() {
    let user = json!({ "Username": "ann@x.example", "Enabled": true, "UserStatus": "CONFIRMED" });
    for code in PASSING {
        let replay = Replay::new([refusal("AdminGetUser", code), answer("AdminGetUser", user.clone())]);
        assert!(cognito(&replay).get(&name()).await.unwrap().is_some(), "{code}");
        let call = with(code, async |cognito| cognito.get(&name()).await).await;
        assert_eq!(call, Err(busy("AdminGetUser", code)));
        let call = with(code, async |cognito| cognito.sign_in(&name(), &password()).await).await;
        assert_eq!(call, Err(busy("AdminInitiateAuth", code)));
    }
    let call = cognito(&Replay::always(cut())).get(&name()).await;
    assert_eq!(call, Err(busy("AdminGetUser", "not reached")));
    let call = cognito(&Replay::always(answer("AdminGetUser", "<html>"))).get(&name()).await;
    assert!(matches!(call, Err(DirectoryError::Busy { .. })), "{call:?}");
}

#[tokio::test]
async fn the_rule_is_the_pools() {
    let policy = json!({ "UserPool": { "Policies": { "PasswordPolicy": {
        "MinimumLength": 12, "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": false,
        "RequireSymbols": true
    }}}});
    let replay = Replay::new([
        answer("DescribeUserPool", policy),
        answer("DescribeUserPool", json!({ "UserPool": {} })),
    ]);
    let cognito = cognito(&replay);
    let rule = PasswordRule { minimum: 12, capital: true, small: true, digit: false, symbol: true };
    assert_eq!(cognito.password_rule().await, Ok(rule));
    let rule = PasswordRule { minimum: 8, capital: false, small: false, digit: false, symbol: false };
    assert_eq!(cognito.password_rule().await, Ok(rule));
}

#[tokio::test]
async fn no_error_has_a_word_of_what_was_sent() {
    let body = json!({ "__type": "InvalidParameterException", "message": "ann@x.example Sesame-open-7" });
    let replay = Replay::always(Exchange { body: body.to_string(), ..refusal("", "x") });
    for error in [
        cognito(&replay).set_password(&name(), &password()).await.unwrap_err(),
        cognito(&replay).sign_in(&name(), &password()).await.unwrap_err(),
    ] {
        let text = format!("{error} {error:?}");
        assert!(!text.contains("ann") && !text.contains("Sesame"), "{text}");
    }
}
