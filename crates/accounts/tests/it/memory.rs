//! A user pool in memory: what the function relies on of Cognito, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accounts::{
    Created, Directory, DirectoryError, Joined, Password, PasswordRule, Session, User, Username, Users,
};

/// The rule of the stack's pool.
pub(crate) const RULE: PasswordRule =
    PasswordRule { minimum: 12, capital: true, small: true, digit: true, symbol: true };

type Result<T> = std::result::Result<T, DirectoryError>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Member {
    pub(crate) password: Option<Password>,
    pub(crate) is_disabled: bool,
    pub(crate) groups: BTreeSet<String>,
    /// Sessions that were ended.
    pub(crate) sign_outs: usize,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<String, Member>,
    pub(crate) groups: BTreeSet<String>,
    /// Changes, in their order.
    pub(crate) changes: Vec<String>,
    /// The error of the operation with this name.
    pub(crate) failing: Option<(&'static str, DirectoryError)>,
    /// The operation that is never answered.
    pub(crate) hanging: Option<&'static str>,
    sessions: BTreeMap<String, String>,
}

/// The pool. Each call takes a short time, so that calls of several tasks come in any order.
#[derive(Debug, Clone)]
pub(crate) struct Memory(Arc<Mutex<State>>);

impl Memory {
    pub(crate) fn new() -> Self {
        let groups = ["reader", "writer", "operator"].map(str::to_owned).into();
        Self(Arc::new(Mutex::new(State { groups, ..State::default() })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a user in, who has this password.
    pub(crate) fn put(&self, name: &str, password: &str, groups: &[&str]) {
        let groups = groups.iter().map(ToString::to_string).collect();
        let member = Member { password: Some(Password::new(password)), groups, ..Member::default() };
        self.state().users.insert(name.to_owned(), member);
    }

    pub(crate) fn member(&self, name: &str) -> Member {
        self.state().users.get(name).cloned().unwrap()
    }

    async fn at(&self, operation: &'static str) -> Result<MutexGuard<'_, State>> {
        tokio::time::sleep(Duration::from_micros(200)).await;
        if self.state().hanging == Some(operation) {
            std::future::pending::<()>().await;
        }
        let state = self.state();
        match &state.failing {
            Some((failing, error)) if *failing == operation => Err(error.clone()),
            _ => Ok(state),
        }
    }

    async fn change<T>(
        &self,
        operation: &'static str,
        name: &str,
        change: impl FnOnce(&mut Member) -> T,
    ) -> Result<T> {
        let mut state = self.at(operation).await?;
        state.changes.push(format!("{operation} {name}"));
        state.users.get_mut(name).map(change).ok_or(DirectoryError::NoUser)
    }
}

fn user(name: &str, member: &Member) -> User {
    User {
        username: name.to_owned(),
        is_enabled: !member.is_disabled,
        has_password: member.password.is_some(),
        created_at: "2026-11-29T16:00:00Z".parse().ok(),
        changed_at: None,
    }
}

fn session(name: &str, member: &Member, refresh_token: Option<String>) -> Session {
    Session {
        access_token: format!("access of {name}"),
        refresh_token,
        expires_in: 300,
        username: name.to_owned(),
        groups: member.groups.iter().cloned().collect(),
    }
}

impl Directory for Memory {
    async fn create(&self, name: &Username) -> Result<Created> {
        let mut state = self.at("create").await?;
        if state.users.contains_key(name.as_str()) {
            return Ok(Created::Taken);
        }
        state.changes.push(format!("create {name}"));
        state.users.insert(name.to_string(), Member::default());
        Ok(Created::New)
    }

    async fn set_password(&self, name: &Username, password: &Password) -> Result<()> {
        self.change("set_password", name.as_str(), |member| member.password = Some(password.clone())).await
    }

    async fn get(&self, name: &Username) -> Result<Option<User>> {
        let state = self.at("get").await?;
        Ok(state.users.get(name.as_str()).map(|member| user(name.as_str(), member)))
    }

    async fn list(&self, limit: i32, after: Option<&str>) -> Result<Users> {
        let state = self.at("list").await?;
        let start: usize = after.map_or(Ok(0), str::parse).map_err(|_| DirectoryError::NoPage)?;
        let end = start + usize::try_from(limit).unwrap();
        let users = state.users.iter().skip(start).take(end - start).map(|(name, member)| user(name, member));
        let users = users.collect();
        Ok(Users { users, next: (end < state.users.len()).then(|| end.to_string()) })
    }

    async fn groups(&self, username: &str) -> Result<Vec<String>> {
        let state = self.at("groups").await?;
        let member = state.users.get(username).ok_or(DirectoryError::NoUser)?;
        Ok(member.groups.iter().cloned().collect())
    }

    async fn members(&self, group: &str) -> Result<Vec<User>> {
        let state = self.at("members").await?;
        let members = state.users.iter().filter(|(_, member)| member.groups.contains(group));
        Ok(members.map(|(name, member)| user(name, member)).collect())
    }

    async fn create_group(&self, group: &str) -> Result<()> {
        let mut state = self.at("create_group").await?;
        state.groups.insert(group.to_owned());
        Ok(())
    }

    async fn join(&self, name: &Username, group: &str) -> Result<Joined> {
        if !self.at("join").await?.groups.contains(group) {
            return Ok(Joined::NoGroup);
        }
        let change = format!("join {name} {group}");
        let mut state = self.state();
        state.changes.push(change);
        let member = state.users.get_mut(name.as_str()).ok_or(DirectoryError::NoUser)?;
        member.groups.insert(group.to_owned());
        Ok(Joined::Yes)
    }

    async fn leave(&self, name: &Username, group: &str) -> Result<()> {
        let mut state = self.at("leave").await?;
        state.changes.push(format!("leave {name} {group}"));
        state.users.get_mut(name.as_str()).ok_or(DirectoryError::NoUser)?.groups.remove(group);
        Ok(())
    }

    async fn enable(&self, name: &Username) -> Result<()> {
        self.change("enable", name.as_str(), |member| member.is_disabled = false).await
    }

    async fn disable(&self, name: &Username) -> Result<()> {
        self.change("disable", name.as_str(), |member| member.is_disabled = true).await
    }

    async fn sign_out(&self, username: &str) -> Result<()> {
        self.change("sign_out", username, |member| member.sign_outs += 1).await?;
        self.state().sessions.retain(|_, name| name != username);
        Ok(())
    }

    async fn sign_in(&self, name: &Username, password: &Password) -> Result<Session> {
        let mut state = self.at("sign_in").await?;
        let refused = || DirectoryError::Refused("NotAuthorizedException".to_owned());
        let member = state.users.get(name.as_str()).ok_or_else(refused)?;
        if member.is_disabled || member.password.as_ref() != Some(password) {
            return Err(refused());
        }
        let refresh_token = format!("refresh {}", state.sessions.len());
        let session = session(name.as_str(), member, Some(refresh_token.clone()));
        state.sessions.insert(refresh_token, name.to_string());
        Ok(session)
    }

    async fn renew(&self, refresh_token: &str) -> Result<Session> {
        let state = self.at("renew").await?;
        let refused = || DirectoryError::Refused("NotAuthorizedException".to_owned());
        let name = state.sessions.get(refresh_token).ok_or_else(refused)?;
        let member = state.users.get(name).filter(|member| !member.is_disabled).ok_or_else(refused)?;
        Ok(session(name, member, None))
    }

    async fn password_rule(&self) -> Result<PasswordRule> {
        self.at("password_rule").await.map(|_| RULE)
    }
}
