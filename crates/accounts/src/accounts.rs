//! Accounts and their changes, one change at a time.

use std::sync::Arc;
use std::time::Duration;

use aurora::{AccountLock, Database};
use domain::dictionary::Dictionary;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use tokio::sync::OnceCell;

use crate::directory::{Created, Directory, DirectoryError, Joined, User};
use crate::groups::{Groups, OPERATOR, in_order, is_ours, is_role};
use crate::password::{Password, PasswordRule};
use crate::username::Username;

/// Concurrent requests for the groups of users. Cognito allows 120 of them per second for all
/// callers together.
const LOOKUPS_AT_ONCE: usize = 8;

/// The time that a change needs before its first step: two tries of a call without an answer. A
/// change that is cut off would leave the account half changed.
const CHANGE_TIME: Duration = Duration::from_secs(6);

/// Users on a page when all are listed.
const PAGE: i32 = 60;

/// The status of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It waits for an operator's approval.
    Pending,
    /// Its owner may sign in.
    Active,
    /// An operator has disabled it.
    Disabled,
}

/// An account as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its name.
    pub username: String,
    /// Its status.
    pub status: Status,
    /// Its groups, those of tables last.
    pub groups: Vec<String>,
    /// The time of its registration.
    #[serde(serialize_with = "milliseconds")]
    pub created_at: Option<Timestamp>,
    /// The time of its last change, other than of groups.
    #[serde(serialize_with = "milliseconds")]
    pub changed_at: Option<Timestamp>,
}

/// A page of accounts, in the user pool's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The value of `after` for the next page; `None` on the last one.
    pub next: Option<String>,
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// It is the last account of an operator.
    #[error("it is the last account of an operator; approve another one as operator first")]
    LastOperator,
    /// The registration is unfinished, so the account cannot sign in.
    #[error("its registration was cut short, so it has no password; register again with the same name first")]
    Unfinished,
    /// The password breaks the rule.
    #[error("{0}")]
    Password(PasswordRule),
    /// The user pool failed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Others are changing accounts, or the database did not answer in time.
    #[error("others are changing accounts, or the database is resuming; try again in a few seconds")]
    Locked,
    /// The lock for changes could not be taken.
    #[error("the lock for changes of accounts could not be taken")]
    Database(#[from] aurora::Error),
}

/// Returns the accounts of a user pool.
#[derive(Debug, Clone)]
pub struct Accounts<D> {
    /// The user pool.
    pub directory: D,
    /// The database with the lock for changes and the audit trail.
    pub database: Database,
    /// The tables that groups may name.
    pub dictionary: &'static Dictionary,
    rule: Arc<OnceCell<PasswordRule>>,
}

type Result<T> = std::result::Result<T, ChangeError>;

impl<D: Directory> Accounts<D> {
    /// Returns the accounts of a user pool.
    pub fn new(directory: D, database: Database, dictionary: &'static Dictionary) -> Self {
        Self { directory, database, dictionary, rule: Arc::default() }
    }

    /// Returns the same accounts over a database with another deadline.
    #[must_use]
    pub fn with_database(&self, database: Database) -> Self {
        Self { database, ..self.clone() }
    }

    /// Checks a password against the rule of the user pool.
    ///
    /// # Errors
    /// [`ChangeError::Password`] with the whole rule.
    pub async fn check(&self, password: &Password) -> Result<()> {
        let rule = self.rule().await?;
        if rule.allows(password) { Ok(()) } else { Err(ChangeError::Password(rule)) }
    }

    async fn rule(&self) -> Result<PasswordRule> {
        // Read once a process: a change of the rule is a deployment, which starts new processes.
        Ok(*self.rule.get_or_try_init(|| self.directory.password_rule()).await?)
    }

    /// Creates an account that waits for approval. The result does not reveal whether the account
    /// existed: a complete one is unchanged, one whose registration was cut off gets this password.
    ///
    /// # Errors
    /// Any but those of an account's state.
    pub async fn register(&self, name: &Username, password: &Password) -> Result<()> {
        self.locked(async {
            if self.directory.create(name).await? == Created::Taken && !self.is_unfinished(name).await? {
                return Ok(());
            }
            self.set_password(name, password).await
        })
        .await
    }

    /// Creates an account with these groups; an account that exists gets the password and the
    /// groups and is enabled.
    ///
    /// # Errors
    /// Any but [`ChangeError::Unknown`] and [`ChangeError::Unfinished`].
    pub async fn add(&self, name: &Username, password: &Password, groups: &Groups) -> Result<Account> {
        self.check(password).await?;
        self.locked(async {
            let created = self.directory.create(name).await?;
            let current = self.directory.groups(name.as_str()).await?;
            self.keep_an_operator(name, &current, Some(groups)).await?;
            self.has_time()?;
            self.set_password(name, password).await?;
            if created == Created::Taken {
                // Sessions that began with the old password end.
                self.directory.sign_out(name.as_str()).await?;
            }
            self.set_groups(name, &current, groups).await?;
            self.directory.enable(name).await?;
            self.as_changed(name, Status::Active, groups.names()).await
        })
        .await
    }

    /// Gives an account exactly these groups, and enables it.
    ///
    /// # Errors
    /// Any but [`ChangeError::Password`].
    pub async fn approve(&self, name: &Username, groups: &Groups) -> Result<Account> {
        self.locked(async {
            let user = self.directory.get(name).await?.ok_or(ChangeError::Unknown)?;
            if !user.has_password {
                return Err(ChangeError::Unfinished);
            }
            let current = self.directory.groups(name.as_str()).await?;
            if user.is_enabled {
                self.keep_an_operator(name, &current, Some(groups)).await?;
            }
            self.has_time()?;
            self.set_groups(name, &current, groups).await?;
            self.directory.enable(name).await?;
            self.as_changed(name, Status::Active, groups.names()).await
        })
        .await
    }

    /// Disables an account and ends its sessions.
    ///
    /// # Errors
    /// Any but [`ChangeError::Password`] and [`ChangeError::Unfinished`].
    pub async fn disable(&self, name: &Username) -> Result<Account> {
        self.locked(async {
            let user = self.directory.get(name).await?.ok_or(ChangeError::Unknown)?;
            let current = self.directory.groups(name.as_str()).await?;
            if user.is_enabled {
                self.keep_an_operator(name, &current, None).await?;
            }
            self.has_time()?;
            self.directory.disable(name).await?;
            self.directory.sign_out(name.as_str()).await?;
            let groups = current.into_iter().filter(|group| is_ours(group)).collect();
            self.as_changed(name, Status::Disabled, in_order(groups)).await
        })
        .await
    }

    /// Returns a page of accounts.
    ///
    /// # Errors
    /// [`ChangeError::Directory`].
    pub async fn page(&self, limit: i32, after: Option<&str>) -> Result<Page> {
        self.in_time(self.page_of(limit, after)).await
    }

    async fn page_of(&self, limit: i32, after: Option<&str>) -> Result<Page> {
        let found = self.directory.list(limit, after).await?;
        let accounts = stream::iter(found.users)
            .map(|user| async {
                match self.directory.groups(&user.username).await {
                    Ok(groups) => Ok(Some(account(user, groups))),
                    // It has been removed since.
                    Err(DirectoryError::NoUser) => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .buffered(LOOKUPS_AT_ONCE)
            .try_filter_map(async |account| Ok(account))
            .try_collect()
            .await?;
        Ok(Page { accounts, next: found.next })
    }

    /// Returns all accounts, those that wait for approval first.
    ///
    /// # Errors
    /// [`ChangeError::Directory`].
    pub async fn all(&self) -> Result<Vec<Account>> {
        let mut accounts = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.page(PAGE, after.as_deref()).await?;
            accounts.extend(page.accounts);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let key = |account: &Account| (account.status != Status::Pending, account.username.clone());
        accounts.sort_by_cached_key(key);
        Ok(accounts)
    }

    /// Runs a change under the lock, so that no other one is made at the same time. No call to the
    /// directory runs beyond the request's deadline, so that the lock is released by its owner: a
    /// function is frozen once it has answered.
    async fn locked<T>(&self, change: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let lock = AccountLock::take(&self.database).await.map_err(|error| match error {
            aurora::Error::OutOfTime => ChangeError::Locked,
            error => ChangeError::Database(error),
        })?;
        let done = self.in_time(change).await;
        lock.release().await;
        done
    }

    /// Runs a call to the directory until the request's deadline.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let deadline = self.database.deadline();
        tokio::select! {
            done = asked => done,
            () = deadline.passed() => Err(out_of_time("the request in its time")),
        }
    }

    /// Refuses to begin a change that could not end in time.
    fn has_time(&self) -> Result<()> {
        let is_enough = self.database.deadline().remaining() >= CHANGE_TIME;
        if is_enough { Ok(()) } else { Err(out_of_time("early enough for a change")) }
    }

    async fn set_password(&self, name: &Username, password: &Password) -> Result<()> {
        match self.directory.set_password(name, password).await {
            Err(DirectoryError::Password) => Err(ChangeError::Password(self.rule().await?)),
            set => Ok(set?),
        }
    }

    /// Returns true if a user has never got a password or a group.
    async fn is_unfinished(&self, name: &Username) -> Result<bool> {
        let user = self.directory.get(name).await?;
        // Called in any case, so that the time reveals nothing.
        let groups = self.directory.groups(name.as_str()).await?;
        Ok(user.is_some_and(|user| user.is_enabled && !user.has_password) && groups.is_empty())
    }

    /// Changes the groups of a user so that the account never has more rights than before or
    /// afterwards. Rights are removed first and added last. The groups of tables are added before
    /// others are removed, because an account in none of them sees every table.
    async fn set_groups(&self, name: &Username, current: &[String], wanted: &Groups) -> Result<()> {
        let is_current = |group: &str| current.iter().any(|other| other == group);
        let surplus = |are_roles: bool| {
            current
                .iter()
                .filter(move |group| is_ours(group) && is_role(group) == are_roles && !wanted.has(group))
        };
        for group in surplus(true) {
            self.directory.leave(name, group).await?;
        }
        for group in wanted.tables().filter(|group| !is_current(group)) {
            self.join(name, group).await?;
        }
        for group in surplus(false) {
            self.directory.leave(name, group).await?;
        }
        for group in wanted.roles().filter(|group| !is_current(group)) {
            self.join(name, group).await?;
        }
        Ok(())
    }

    async fn join(&self, name: &Username, group: &str) -> Result<()> {
        if self.directory.join(name, group).await? == Joined::Yes {
            return Ok(());
        }
        self.directory.create_group(group).await?;
        match self.directory.join(name, group).await? {
            Joined::Yes => Ok(()),
            Joined::NoGroup => {
                let code = "ResourceNotFoundException".to_owned();
                Err(DirectoryError::Failed { operation: "AdminAddUserToGroup", code }.into())
            }
        }
    }

    /// Refuses a change that would leave no operator. `wanted` are the new groups of the account,
    /// `None` if it is to be disabled.
    async fn keep_an_operator(
        &self,
        name: &Username,
        current: &[String],
        wanted: Option<&Groups>,
    ) -> Result<()> {
        let is_operator = current.iter().any(|group| group == OPERATOR);
        if !is_operator || wanted.is_some_and(Groups::operate) {
            return Ok(());
        }
        for other in self.directory.members(OPERATOR).await? {
            // Cognito's lists may lag behind, so that each member is read again.
            let Some(other) = Username::parse(&other.username).filter(|other| other != name) else {
                continue;
            };
            let is_enabled = self.directory.get(&other).await?.is_some_and(|user| user.is_enabled);
            if is_enabled
                && self.directory.groups(other.as_str()).await?.iter().any(|group| group == OPERATOR)
            {
                return Ok(());
            }
        }
        Err(ChangeError::LastOperator)
    }

    /// Returns an account after a change. The changed members are not read again: Cognito's answers
    /// may lag behind.
    async fn as_changed(&self, name: &Username, status: Status, groups: Vec<String>) -> Result<Account> {
        let user = self.directory.get(name).await?.ok_or(ChangeError::Unknown)?;
        Ok(Account { status, groups, ..account(user, Vec::new()) })
    }
}

fn out_of_time(operation: &'static str) -> ChangeError {
    DirectoryError::Busy { operation, code: "out of time".to_owned() }.into()
}

fn account(user: User, groups: Vec<String>) -> Account {
    let groups: Vec<String> = groups.into_iter().filter(|group| is_ours(group)).collect();
    let status = match user.is_enabled {
        false => Status::Disabled,
        true if groups.iter().any(|group| is_role(group)) => Status::Active,
        true => Status::Pending,
    };
    let User { username, created_at, changed_at, .. } = user;
    Account { username, status, groups: in_order(groups), created_at, changed_at }
}

/// Writes ISO 8601 in UTC with milliseconds, as everywhere in the API.
fn milliseconds<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    time.map(|time| format!("{time:.3}")).serialize(serializer)
}
