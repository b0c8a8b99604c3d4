//! A Cognito user pool as the directory.

mod failure;
#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::config::timeout::TimeoutConfig;
use aws_sdk_cognitoidentityprovider::primitives::DateTime;
use aws_sdk_cognitoidentityprovider::types::{
    AuthFlowType, MessageActionType, PasswordPolicyType, UserStatusType, UserType,
};
use aws_types::SdkConfig;
use jiff::Timestamp;

use self::failure::{code, failure};
use crate::directory::{Created, Directory, DirectoryError, Joined, Session, User, Users};
use crate::password::{Password, PasswordRule};
use crate::username::Username;

/// The time of a call with its retries. A request makes some ten calls in its 21 seconds, most of
/// them in a tenth of one.
const CALL_TIME: Duration = Duration::from_secs(8);
/// The time of one try.
const ATTEMPT_TIME: Duration = Duration::from_secs(3);
const CONNECT_TIME: Duration = Duration::from_secs(2);

/// Entries of the user pool's lists at most.
const PAGE: i32 = 60;

/// The shortest password of a user pool without a policy.
const MINIMUM_LENGTH: i32 = 8;

/// A Cognito user pool, and the client in whose name people sign in.
#[derive(Debug, Clone)]
pub struct Cognito {
    client: Client,
    pool_id: String,
    client_id: String,
}

type Result<T> = std::result::Result<T, DirectoryError>;

impl Cognito {
    /// Returns the user pool with this id.
    pub fn new(config: &SdkConfig, pool_id: impl Into<String>, client_id: impl Into<String>) -> Self {
        let times = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIME)
            .operation_attempt_timeout(ATTEMPT_TIME)
            .operation_timeout(CALL_TIME)
            .build();
        let config =
            aws_sdk_cognitoidentityprovider::config::Builder::from(config).timeout_config(times).build();
        Self { client: Client::from_conf(config), pool_id: pool_id.into(), client_id: client_id.into() }
    }

    /// Begins a session. An answer that requires more than a password is no session: the stack sets
    /// up no such thing, so that account cannot sign in.
    async fn initiate_auth(&self, flow: AuthFlowType, parameters: &[(&str, &str)]) -> Result<Session> {
        const OPERATION: &str = "AdminInitiateAuth";
        let request =
            self.client.admin_initiate_auth().user_pool_id(&self.pool_id).client_id(&self.client_id);
        let parameters =
            parameters.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let answer = request.auth_flow(flow).set_auth_parameters(Some(parameters)).send().await;
        let answer = answer.map_err(|error| failure::of_credentials(OPERATION, &error))?;
        let Some(result) = answer.authentication_result else {
            let challenge = answer.challenge_name.map(|challenge| challenge.to_string());
            return Err(DirectoryError::Refused(challenge.unwrap_or_else(|| "no result".to_owned())));
        };
        let claims = result.access_token().and_then(token::claims);
        let (Some(access_token), Some(claims)) = (result.access_token, claims) else {
            return Err(DirectoryError::Failed { operation: OPERATION, code: "no access token".to_owned() });
        };
        Ok(Session {
            access_token,
            refresh_token: result.refresh_token,
            expires_in: result.expires_in,
            username: claims.username,
            groups: claims.groups,
        })
    }
}

impl Directory for Cognito {
    async fn create(&self, name: &Username) -> Result<Created> {
        let request = self.client.admin_create_user().user_pool_id(&self.pool_id).username(name.as_str());
        // Without a message: Cognito would send a password of its own to the address.
        match request.message_action(MessageActionType::Suppress).send().await {
            Ok(_) => Ok(Created::New),
            Err(error) if code(&error) == "UsernameExistsException" => Ok(Created::Taken),
            Err(error) => Err(failure("AdminCreateUser", &error)),
        }
    }

    async fn set_password(&self, name: &Username, password: &Password) -> Result<()> {
        let request =
            self.client.admin_set_user_password().user_pool_id(&self.pool_id).username(name.as_str());
        let sent = request.password(password.reveal()).permanent(true).send().await;
        sent.map(drop).map_err(|error| match code(&error) {
            "InvalidPasswordException" | "PasswordHistoryPolicyViolationException" => {
                DirectoryError::Password
            }
            _ => failure("AdminSetUserPassword", &error),
        })
    }

    async fn get(&self, name: &Username) -> Result<Option<User>> {
        let request = self.client.admin_get_user().user_pool_id(&self.pool_id).username(name.as_str());
        match request.send().await {
            Ok(user) => Ok(Some(User {
                is_enabled: user.enabled(),
                has_password: has_password(user.user_status()),
                created_at: timestamp(user.user_create_date()),
                changed_at: timestamp(user.user_last_modified_date()),
                username: user.username,
            })),
            Err(error) => match failure("AdminGetUser", &error) {
                DirectoryError::NoUser => Ok(None),
                failure => Err(failure),
            },
        }
    }

    async fn list(&self, limit: i32, after: Option<&str>) -> Result<Users> {
        let request = self.client.list_users().user_pool_id(&self.pool_id).limit(limit);
        let answer = request.set_pagination_token(after.map(str::to_owned)).send().await;
        let answer = answer.map_err(|error| match code(&error) {
            "InvalidParameterException" if after.is_some() => DirectoryError::NoPage,
            _ => failure("ListUsers", &error),
        })?;
        let users = answer.users().iter().filter_map(user).collect();
        Ok(Users { users, next: answer.pagination_token })
    }

    async fn groups(&self, username: &str) -> Result<Vec<String>> {
        let request = self.client.admin_list_groups_for_user().user_pool_id(&self.pool_id).username(username);
        let groups =
            request.limit(PAGE).into_paginator().items().send().collect::<std::result::Result<Vec<_>, _>>();
        let groups = groups.await.map_err(|error| failure("AdminListGroupsForUser", &error))?;
        Ok(groups.into_iter().filter_map(|group| group.group_name).collect())
    }

    async fn members(&self, group: &str) -> Result<Vec<User>> {
        let request = self.client.list_users_in_group().user_pool_id(&self.pool_id).group_name(group);
        let users =
            request.limit(PAGE).into_paginator().items().send().collect::<std::result::Result<Vec<_>, _>>();
        let users = users.await.map_err(|error| failure("ListUsersInGroup", &error))?;
        Ok(users.iter().filter_map(user).collect())
    }

    async fn create_group(&self, group: &str) -> Result<()> {
        let request = self.client.create_group().user_pool_id(&self.pool_id).group_name(group);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == "GroupExistsException" => Ok(()),
            Err(error) => Err(failure("CreateGroup", &error)),
        }
    }

    async fn join(&self, name: &Username, group: &str) -> Result<Joined> {
        let request =
            self.client.admin_add_user_to_group().user_pool_id(&self.pool_id).username(name.as_str());
        match request.group_name(group).send().await {
            Ok(_) => Ok(Joined::Yes),
            // The pool itself may be missing as well; creating the group fails then.
            Err(error) if code(&error) == "ResourceNotFoundException" => Ok(Joined::NoGroup),
            Err(error) => Err(failure("AdminAddUserToGroup", &error)),
        }
    }

    async fn leave(&self, name: &Username, group: &str) -> Result<()> {
        let request =
            self.client.admin_remove_user_from_group().user_pool_id(&self.pool_id).username(name.as_str());
        let sent = request.group_name(group).send().await;
        sent.map(drop).map_err(|error| failure("AdminRemoveUserFromGroup", &error))
    }

    async fn enable(&self, name: &Username) -> Result<()> {
        let request = self.client.admin_enable_user().user_pool_id(&self.pool_id).username(name.as_str());
        request.send().await.map(drop).map_err(|error| failure("AdminEnableUser", &error))
    }

    async fn disable(&self, name: &Username) -> Result<()> {
        let request = self.client.admin_disable_user().user_pool_id(&self.pool_id).username(name.as_str());
        request.send().await.map(drop).map_err(|error| failure("AdminDisableUser", &error))
    }

    async fn sign_out(&self, username: &str) -> Result<()> {
        let request = self.client.admin_user_global_sign_out().user_pool_id(&self.pool_id).username(username);
        request.send().await.map(drop).map_err(|error| failure("AdminUserGlobalSignOut", &error))
    }

    async fn sign_in(&self, name: &Username, password: &Password) -> Result<Session> {
        let parameters = [("USERNAME", name.as_str()), ("PASSWORD", password.reveal())];
        self.initiate_auth(AuthFlowType::AdminUserPasswordAuth, &parameters).await
    }

    async fn renew(&self, refresh_token: &str) -> Result<Session> {
        self.initiate_auth(AuthFlowType::RefreshTokenAuth, &[("REFRESH_TOKEN", refresh_token)]).await
    }

    async fn password_rule(&self) -> Result<PasswordRule> {
        let answer = self.client.describe_user_pool().user_pool_id(&self.pool_id).send().await;
        let answer = answer.map_err(|error| failure("DescribeUserPool", &error))?;
        let policy = answer.user_pool().and_then(|pool| pool.policies()?.password_policy());
        let has = |is: fn(&PasswordPolicyType) -> bool| policy.is_some_and(is);
        let minimum = policy.and_then(PasswordPolicyType::minimum_length).unwrap_or(MINIMUM_LENGTH);
        Ok(PasswordRule {
            minimum: usize::try_from(minimum).unwrap_or_default(),
            capital: has(PasswordPolicyType::require_uppercase),
            small: has(PasswordPolicyType::require_lowercase),
            digit: has(PasswordPolicyType::require_numbers),
            symbol: has(PasswordPolicyType::require_symbols),
        })
    }
}

/// Reads a user of a list; a user without a name is left out.
fn user(user: &UserType) -> Option<User> {
    Some(User {
        username: user.username()?.to_owned(),
        is_enabled: user.enabled(),
        has_password: has_password(user.user_status()),
        created_at: timestamp(user.user_create_date()),
        changed_at: timestamp(user.user_last_modified_date()),
    })
}

/// Returns false for a user who has only the password that Cognito generated, which nobody knows.
fn has_password(status: Option<&UserStatusType>) -> bool {
    status != Some(&UserStatusType::ForceChangePassword)
}

fn timestamp(time: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_millisecond(time?.to_millis().ok()?).ok()
}
