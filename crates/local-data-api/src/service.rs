//! The five operations.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::authority::Authority;
use crate::config::{Config, OnError};
use crate::error::{ApiError, ErrorKind, ErrorStyle};
use crate::faults::{Before, FaultHandle, Loss, Operation};
use crate::lexer;
use crate::limits::Limits;
use crate::params::{self, Bound};
use crate::pool::{Key, Pool, Session};
use crate::request::{Request, SqlParameter};
use crate::secrets::Logins;
use crate::statement::{self, Failure, Fate};
use crate::transactions::{Origin, Transactions, ended};
use crate::validation;
use crate::wire;

/// The database's number for a login that it refuses.
const ACCESS_DENIED: u16 = 1045;
/// The time that an answer waits for a killed statement to end.
const KILL_PATIENCE: Duration = Duration::from_secs(2);
/// The time that an answer waits for the rollback of the transaction that its error ends.
const ROLLBACK_PATIENCE: Duration = Duration::from_secs(10);

/// The outcome of a call.
#[derive(Debug)]
pub(crate) enum Reply {
    Success(Vec<u8>),
    Error(ApiError),
    /// 504 without the name of an error.
    GatewayTimeout,
    /// The connection is closed without an answer.
    Hangup,
}

/// The server behind the HTTP.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) limits: Limits,
    pub(crate) faults: FaultHandle,
    pub(crate) transactions: Transactions,
    pub(crate) pool: Arc<Pool>,
    resource_arn: Option<String>,
    pub(crate) authority: Option<Authority>,
    on_error: OnError,
    style: ErrorStyle,
    backslash_escapes: bool,
    logins: Logins,
}

/// Answers the caller, perhaps before the work is over.
struct Replier {
    sender: Option<oneshot::Sender<Reply>>,
    loss: Option<Loss>,
}

impl Replier {
    fn send(&mut self, result: Result<Vec<u8>, ApiError>) {
        self.reply(match (result, self.loss) {
            (Ok(_), Some(Loss::Drop)) => Reply::Hangup,
            (Ok(_), Some(Loss::GatewayTimeout)) => Reply::GatewayTimeout,
            (Ok(body), None) => Reply::Success(body),
            (Err(error), _) => Reply::Error(error),
        });
    }

    fn reply(&mut self, reply: Reply) {
        if let Some(sender) = self.sender.take() {
            // A caller who disconnected gets nothing; the work was done all the same, as by the
            // service.
            let _ = sender.send(reply);
        }
    }
}

/// The outcome of guarded work.
enum Guarded {
    /// In time, or late with the caller's consent.
    Done(Session, Result<Vec<u8>, Failure>),
    /// It was killed, and its session with it.
    Killed(ApiError),
}

impl Service {
    pub(crate) async fn new(config: &Config, faults: FaultHandle) -> Self {
        Self {
            limits: config.limits.clone(),
            faults,
            transactions: Transactions::new(config.limits.clone(), config.error_style),
            pool: Arc::new(Pool::new(config)),
            resource_arn: config.resource_arn.clone(),
            authority: config.authority.clone().map(Authority::new),
            on_error: config.on_error,
            style: config.error_style,
            backslash_escapes: config.backslash_escapes(),
            logins: Logins::new(&config.credentials).await,
        }
    }

    /// Carries a call out to its end, even if the caller disconnects: nothing is left half done.
    pub(crate) async fn call(&self, operation: Operation, body: Bytes, sender: oneshot::Sender<Reply>) {
        let deadline = Instant::now() + self.limits.call;
        let mut replier = Replier { sender: Some(sender), loss: None };
        let request = match Request::parse(&body) {
            Ok(request) => request,
            Err(error) => return replier.send(Err(error)),
        };
        let verdict = self.faults.judge(operation, request.sql.as_deref(), request.transaction_id.is_some());
        if !verdict.delay.is_zero() {
            sleep(verdict.delay).await;
        }
        match verdict.before {
            Some(Before::Error(kind)) => {
                if kind == ErrorKind::StatementTimeoutException {
                    self.end_transaction(&request).await;
                }
                return replier.send(Err(injected(kind)));
            }
            Some(Before::Drop) => return replier.reply(Reply::Hangup),
            None => replier.loss = verdict.lose_answer,
        }
        let result = match validation::check(&request, operation, &self.limits, self.resource_arn.as_deref())
        {
            Err(error) => Err(error),
            Ok(()) => match operation {
                Operation::ExecuteStatement => self.execute(&request, deadline, &mut replier).await,
                Operation::BatchExecuteStatement => self.batch(&request, deadline).await,
                Operation::BeginTransaction => self.begin(&request, deadline).await,
                Operation::CommitTransaction => {
                    self.complete(&request, "COMMIT", "Transaction Committed", deadline).await
                }
                Operation::RollbackTransaction => {
                    self.complete(&request, "ROLLBACK", "Rollback Complete", deadline).await
                }
            },
        };
        replier.send(result);
    }

    async fn execute(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        replier: &mut Replier,
    ) -> Result<Vec<u8>, ApiError> {
        let mut options = validation::result_options(request)?;
        let set = request.parameters.as_deref().unwrap_or_default();
        let (mut statements, scan) = match self.prepare(request, [set]) {
            Ok(prepared) => prepared,
            Err(error) => return Err(self.refuse(request, error).await),
        };
        // Documented as ignored for all other statements: their rows come as records.
        options.formatted &= scan.selects;
        let mut session = self.session(request, deadline).await?;
        session.marked |= scan.marks_session;
        let continues = request.continue_after_timeout.unwrap_or(false).then_some(replier);
        let work = async |session: &mut Session| {
            let statement = statements.swap_remove(0);
            statement::execute(session, statement, options, &self.limits, self.style).await
        };
        let guarded = self.guard(session, deadline, continues, work).await;
        self.settle(request, guarded).await
    }

    async fn batch(&self, request: &Request<'_>, deadline: Instant) -> Result<Vec<u8>, ApiError> {
        let sets = request.parameter_sets.as_deref().unwrap_or_default();
        let (statements, scan) = match self.prepare(request, sets.iter().map(Vec::as_slice)) {
            Ok(prepared) => prepared,
            Err(error) => return Err(self.refuse(request, error).await),
        };
        let mut session = self.session(request, deadline).await?;
        session.marked |= scan.marks_session;
        let work = async |session: &mut Session| {
            statement::execute_batch(session, statements, &self.limits, self.style).await
        };
        let guarded = self.guard(session, deadline, None, work).await;
        self.settle(request, guarded).await
    }

    /// Binds each set of parameters to the statement of a request.
    fn prepare<'a>(
        &self,
        request: &'a Request<'_>,
        sets: impl IntoIterator<Item = &'a [SqlParameter<'a>]>,
    ) -> Result<(Vec<Bound<'a>>, lexer::Scan), ApiError> {
        let sql = request.sql.as_deref().unwrap_or_default();
        let scan = lexer::scan(sql, self.backslash_escapes);
        if scan.second_statement {
            return Err(ApiError::new(ErrorKind::ValidationException, "Multistatements aren't supported."));
        }
        let bind = |set| params::bind(&sql[..scan.end], &scan.parameters, set);
        let statements = sets.into_iter().map(bind).collect::<Result<Vec<_>, _>>()?;
        // A `?` among bound values would take the value of its neighbour.
        if scan.positional && statements.iter().any(|statement| !statement.values.is_empty()) {
            return Err(ApiError::bad_request(
                "Positional parameters (?) aren't supported; name them (:name).",
            ));
        }
        Ok((statements, scan))
    }

    async fn begin(&self, request: &Request<'_>, deadline: Instant) -> Result<Vec<u8>, ApiError> {
        let session = self.pooled(request, false, deadline).await?;
        let origin = Origin {
            resource_arn: owned(request.resource_arn.as_deref()),
            secret_arn: owned(request.secret_arn.as_deref()),
            database: database(request).map(ToOwned::to_owned),
        };
        let id = self.transactions.open(session, origin);
        Ok(format!("{{\"transactionId\":\"{id}\"}}").into_bytes())
    }

    async fn complete(
        &self,
        request: &Request<'_>,
        sql: &'static str,
        status: &str,
        deadline: Instant,
    ) -> Result<Vec<u8>, ApiError> {
        let id = request.transaction_id.as_deref().unwrap_or_default();
        let session = self.borrow(request, id)?;
        let work = async |session: &mut Session| {
            let statement = Bound { sql: sql.into(), values: Vec::new() };
            statement::execute(session, statement, Default::default(), &self.limits, self.style).await
        };
        match self.guard(session, deadline, None, work).await {
            Guarded::Done(session, Ok(_)) => {
                self.transactions.end(id, ended::BY_CALL);
                self.pool.give_back(session);
                Ok(format!("{{\"transactionStatus\":\"{status}\"}}").into_bytes())
            }
            Guarded::Done(session, Err(failure)) => {
                self.transactions.end(id, ended::BY_ERROR);
                drop(session);
                Err(failure.error)
            }
            Guarded::Killed(error) => {
                self.transactions.end(id, ended::BY_ERROR);
                Err(error)
            }
        }
    }

    /// Returns the session of the request's transaction, or one from the pool.
    async fn session(&self, request: &Request<'_>, deadline: Instant) -> Result<Session, ApiError> {
        match request.transaction_id.as_deref() {
            Some(id) => {
                let session = self.borrow(request, id)?;
                if database(request).is_none_or(|name| self.transactions.is_in(id, name)) {
                    return Ok(session);
                }
                let error = ApiError::bad_request("Database name is not the same as transaction");
                match self.on_error {
                    OnError::Abort => self.abort(id, session).await,
                    OnError::Keep => drop(self.transactions.give_back(id, session)),
                }
                Err(error)
            }
            None => self.pooled(request, true, deadline).await,
        }
    }

    fn borrow(&self, request: &Request<'_>, id: &str) -> Result<Session, ApiError> {
        self.transactions.borrow(
            id,
            request.resource_arn.as_deref().unwrap_or_default(),
            request.secret_arn.as_deref().unwrap_or_default(),
        )
    }

    async fn pooled(
        &self,
        request: &Request<'_>,
        autocommit: bool,
        deadline: Instant,
    ) -> Result<Session, ApiError> {
        let secret_arn = request.secret_arn.as_deref().unwrap_or_default();
        let database = database(request).map(ToOwned::to_owned);
        let take = async {
            let mut key = Key { login: self.logins.get(secret_arn).await?, database };
            let mut taken = self.pool.take(&key, autocommit).await;
            if matches!(&taken, Err(wire::Error::Server(error)) if error.code == ACCESS_DENIED) {
                // The password may have been rotated since the secret was read.
                let fresh = self.logins.refreshed(secret_arn).await?;
                if fresh != key.login {
                    key.login = fresh;
                    taken = self.pool.take(&key, autocommit).await;
                }
            }
            taken.map_err(|error| Failure::database(&error, self.style).error)
        };
        timeout_at(deadline, take).await.unwrap_or_else(|_| Err(ApiError::timeout(None)))
    }

    /// Lets work on a session take until the deadline. Late work is killed in the database, unless
    /// the caller lets it continue (`continues`): then the caller is answered, and the work is
    /// awaited.
    async fn guard(
        &self,
        mut session: Session,
        deadline: Instant,
        continues: Option<&mut Replier>,
        work: impl AsyncFnOnce(&mut Session) -> Result<Vec<u8>, Failure>,
    ) -> Guarded {
        let (key, connection_id) = (session.key().clone(), session.conn.id());
        let mut work = std::pin::pin!(async move {
            let result = work(&mut session).await;
            (session, result)
        });
        if let Ok((session, result)) = timeout_at(deadline, &mut work).await {
            return Guarded::Done(session, result);
        }
        let late = ApiError::timeout(Some(connection_id));
        if let Some(replier) = continues {
            replier.send(Err(late));
            let (session, result) = work.await;
            return Guarded::Done(session, result);
        }
        // The answer should not come before the statement has ended, nor wait for a database that
        // hangs.
        let ended = timeout(KILL_PATIENCE, async {
            self.pool.kill(&key, connection_id).await?;
            // It fails because its session ends, which says nothing new.
            let _ = work.await;
            Ok::<_, wire::Error>(())
        });
        match ended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(db.connection = connection_id, "could not kill a late statement: {error}");
            }
            Err(_) => tracing::warn!(db.connection = connection_id, "a late statement does not end"),
        }
        Guarded::Killed(late)
    }

    /// Returns the session to its transaction or to the pool after a statement.
    async fn settle(&self, request: &Request<'_>, guarded: Guarded) -> Result<Vec<u8>, ApiError> {
        let transaction = request.transaction_id.as_deref();
        let (session, result) = match guarded {
            Guarded::Killed(error) => {
                if let Some(id) = transaction {
                    self.transactions.end(id, ended::BY_ERROR);
                }
                return Err(error);
            }
            Guarded::Done(session, result) => (session, result),
        };
        let fate = result.as_ref().err().map_or(Fate::Usable, |failure| failure.session);
        match (fate, transaction) {
            (Fate::Usable, Some(id)) if result.is_err() && self.on_error == OnError::Abort => {
                self.abort(id, session).await;
            }
            (Fate::Ended, Some(id)) => self.abort(id, session).await,
            (Fate::Usable, Some(id)) => {
                // A transaction whose life ended meanwhile is rolled back by closing its session.
                drop(self.transactions.give_back(id, session));
            }
            (Fate::Usable | Fate::Ended | Fate::RolledBack, None) => self.pool.give_back(session),
            (Fate::RolledBack | Fate::Lost, Some(id)) => {
                self.transactions.end(id, ended::BY_ERROR);
                drop(session);
            }
            (Fate::Lost, None) => drop(session),
        }
        result.map_err(|failure| failure.error)
    }

    /// Ends the transaction of a call that is refused before the database sees it, if errors end
    /// transactions.
    async fn refuse(&self, request: &Request<'_>, error: ApiError) -> ApiError {
        if self.on_error == OnError::Abort {
            self.end_transaction(request).await;
        }
        error
    }

    /// Rolls back the transaction that the request names, unless another call is using it.
    async fn end_transaction(&self, request: &Request<'_>) {
        if let Some(id) = request.transaction_id.as_deref()
            && let Ok(session) = self.borrow(request, id)
        {
            self.abort(id, session).await;
        }
    }

    /// Rolls a transaction back and ends it; its locks are gone before its caller gets the error.
    async fn abort(&self, id: &str, mut session: Session) {
        let rolled_back = timeout(ROLLBACK_PATIENCE, session.conn.run("ROLLBACK")).await;
        self.transactions.end(id, ended::BY_ERROR);
        if matches!(rolled_back, Ok(Ok(()))) {
            self.pool.give_back(session);
        } else {
            // The database rolls back when the connection closes.
            drop(session);
        }
    }
}

/// Returns the database that a request names; an empty name is none.
fn database<'a>(request: &'a Request<'_>) -> Option<&'a str> {
    request.database.as_deref().filter(|name| !name.is_empty())
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn injected(kind: ErrorKind) -> ApiError {
    let message = match kind {
        ErrorKind::DatabaseResumingException => {
            "The Aurora DB instance db-LOCALDATAAPI is resuming after being auto-paused. Please wait a few \
             seconds and try again."
        }
        ErrorKind::ThrottlingException => "Rate exceeded",
        ErrorKind::StatementTimeoutException => "Request timed out",
        _ => "This error was injected.",
    };
    ApiError::new(kind, message)
}
