//! The five operations.

mod guard;
mod load;
pub(crate) mod reply;
mod sessions;
mod transaction;
mod validation;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use self::reply::{Replier, Reply};
use crate::config::{Config, OnError};
use crate::error::{ApiError, ErrorKind, ErrorStyle};
use crate::faults::{Before, FaultHandle, Operation};
use crate::limits::Limits;
use crate::request::{Request, SqlParameter};
use crate::session::objects::Source;
use crate::session::pool::{Pool, Session};
use crate::session::secrets::Logins;
use crate::session::transactions::Transactions;
use crate::statement::lexer::{self, Scan};
use crate::statement::load::from_s3;
use crate::statement::params::{self, Bound};
use crate::statement::{self, Failure, Fate};
use crate::usage::Usage;

/// The server behind the HTTP.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) limits: Limits,
    pub(crate) faults: FaultHandle,
    pub(crate) transactions: Transactions,
    pub(crate) pool: Arc<Pool>,
    pub(crate) usage: Usage,
    resource_arn: Option<String>,
    on_error: OnError,
    style: ErrorStyle,
    backslash_escapes: bool,
    logins: Logins,
    objects: Source,
}

impl Service {
    pub(crate) async fn new(config: &Config, faults: FaultHandle) -> Self {
        Self {
            limits: config.limits.clone(),
            faults,
            transactions: Transactions::new(config.limits.clone(), config.error_style),
            pool: Arc::new(Pool::new(config)),
            usage: Usage::default(),
            resource_arn: config.resource_arn.clone(),
            on_error: config.on_error,
            style: config.error_style,
            backslash_escapes: config.backslash_escapes(),
            logins: Logins::new(&config.credentials).await,
            objects: Source::new(&config.objects).await,
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
        let decision =
            self.faults.decide(operation, request.sql.as_deref(), request.transaction_id.is_some());
        if !decision.delay.is_zero() {
            sleep(decision.delay).await;
        }
        match decision.before {
            Some(Before::Error(kind)) => {
                if kind == ErrorKind::StatementTimeoutException {
                    self.end_transaction(&request).await;
                }
                return replier.send(Err(injected(kind)));
            }
            Some(Before::Drop) => return replier.reply(Reply::Disconnect),
            None => replier.loss = decision.lose_answer,
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
            if let Some(load) = from_s3(&statement.sql) {
                let refused = |words| Failure { error: ApiError::bad_request(words), session: Fate::Usable };
                return self.load(session, load.map_err(refused)?).await;
            }
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
    ) -> Result<(Vec<Bound<'a>>, Scan), ApiError> {
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
}

/// Returns the error that a fault plan injects.
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
