//! Fault injection: what may go wrong between a client and the real service.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::ErrorKind;

/// An operation of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// `POST /Execute`
    ExecuteStatement,
    /// `POST /BatchExecute`
    BatchExecuteStatement,
    /// `POST /BeginTransaction`
    BeginTransaction,
    /// `POST /CommitTransaction`
    CommitTransaction,
    /// `POST /RollbackTransaction`
    RollbackTransaction,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 5] = [
        Self::ExecuteStatement,
        Self::BatchExecuteStatement,
        Self::BeginTransaction,
        Self::CommitTransaction,
        Self::RollbackTransaction,
    ];

    /// Returns the operation of a path.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        Some(match path {
            "/Execute" => Self::ExecuteStatement,
            "/BatchExecute" => Self::BatchExecuteStatement,
            "/BeginTransaction" => Self::BeginTransaction,
            "/CommitTransaction" => Self::CommitTransaction,
            "/RollbackTransaction" => Self::RollbackTransaction,
            _ => return None,
        })
    }
}

/// The way in which an answer is lost after the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The connection is closed without a byte of answer.
    Drop,
    /// A gateway answers 504 without naming an error.
    GatewayTimeout,
}

/// The effect of a rule on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Answers with this error; nothing reaches the database.
    Error(ErrorKind),
    /// Waits this many milliseconds before the work starts.
    DelayMs(u64),
    /// Closes the connection without an answer; nothing reaches the database.
    DropRequest,
    /// The work is done in full (the COMMIT too), then its answer is lost. Errors pass unharmed.
    LoseAnswer(Loss),
}

/// An effect, and the calls that it is injected into; by default all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The effect.
    pub effect: Effect,
    /// Only these operations; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// Only calls whose SQL text contains this; calls without SQL text never match it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql_contains: Option<String>,
    /// The number of matching calls that pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// The number of calls that get the effect in all; unlimited by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// The probability that a matching call gets the effect, 0 to 1; 1 by default.
    #[serde(default = "certain")]
    pub rate: f64,
}

fn certain() -> f64 {
    1.0
}

impl Rule {
    /// Creates a rule for every call.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self { effect, operations: Vec::new(), sql_contains: None, skip: 0, times: None, rate: 1.0 }
    }

    /// Answers with an error of the service.
    #[must_use]
    pub fn error(kind: ErrorKind) -> Self {
        Self::new(Effect::Error(kind))
    }

    /// Does the work and closes the connection instead of answering.
    #[must_use]
    pub fn lose_answer() -> Self {
        Self::new(Effect::LoseAnswer(Loss::Drop))
    }

    /// Only calls of this operation (and of those named before).
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Only calls whose SQL text contains `text`.
    #[must_use]
    pub fn sql(mut self, text: impl Into<String>) -> Self {
        self.sql_contains = Some(text.into());
        self
    }

    /// Lets the first `count` matching calls pass.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// Injects the effect into at most `count` calls.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = Some(count);
        self
    }

    /// Injects the effect into a matching call with this probability.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    fn matches(&self, operation: Operation, sql: Option<&str>) -> bool {
        (self.operations.is_empty() || self.operations.contains(&operation))
            && self.sql_contains.as_deref().is_none_or(|part| sql.is_some_and(|sql| sql.contains(part)))
    }
}

/// The faults to inject; the default is none. The JSON form is that of `PUT /_/faults`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Seeds the random numbers behind `rate`; the same seed and calls give the same faults.
    pub seed: u64,
    /// Milliseconds added to every call.
    pub latency_ms: u64,
    /// The cluster is paused: the first call outside of a transaction wakes it, and for this many
    /// milliseconds from then all such calls answer `DatabaseResumingException`.
    pub resume_ms: u64,
    /// Tried in order; all that apply take effect, but the first error or loss decides the answer.
    pub rules: Vec<Rule>,
}

impl Faults {
    /// Adds a rule.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Checks the rates.
    ///
    /// # Errors
    /// If one is wrong, with a sentence that names it.
    pub fn check(&self) -> Result<(), String> {
        match self.rules.iter().position(|rule| !(0.0..=1.0).contains(&rule.rate)) {
            Some(index) => Err(format!("rules[{index}].rate must be between 0 and 1")),
            None => Ok(()),
        }
    }
}

/// Reads and sets the faults of a running server. Clones share the same server.
#[derive(Clone, Debug)]
pub struct FaultHandle {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    faults: Faults,
    random: fastrand::Rng,
    resuming_since: Option<Instant>,
    /// For each rule: the calls that matched, and those that got the effect.
    counts: Vec<(u32, u32)>,
    injected: u64,
    calls: u64,
}

/// The faults of one call.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    pub(crate) delay: Duration,
    pub(crate) before: Option<Before>,
    pub(crate) lose_answer: Option<Loss>,
}

/// A fault instead of the work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Error(ErrorKind),
    Drop,
}

impl FaultHandle {
    pub(crate) fn new(faults: Faults) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(faults))) }
    }

    /// Replaces all faults; resets the counts and the random numbers.
    pub fn set(&self, faults: Faults) {
        *self.lock() = State::new(faults);
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.set(Faults::default());
    }

    /// The faults as they were set.
    #[must_use]
    pub fn get(&self) -> Faults {
        self.lock().faults.clone()
    }

    /// Returns how many calls failed since the faults were set; delays do not count.
    #[must_use]
    pub fn injected(&self) -> u64 {
        self.lock().injected
    }

    /// Returns how many calls there were since the faults were set.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Draws the faults of a call; calls in a transaction never meet a paused cluster.
    pub(crate) fn decide(&self, operation: Operation, sql: Option<&str>, in_transaction: bool) -> Decision {
        let mut state = self.lock();
        state.calls += 1;
        let State { faults, random, resuming_since, counts, injected, .. } = &mut *state;
        let mut decision =
            Decision { delay: Duration::from_millis(faults.latency_ms), ..Decision::default() };
        if faults.resume_ms > 0 && !in_transaction {
            let resuming_since = *resuming_since.get_or_insert_with(Instant::now);
            if resuming_since.elapsed() < Duration::from_millis(faults.resume_ms) {
                decision.before = Some(Before::Error(ErrorKind::DatabaseResumingException));
            }
        }
        for (rule, (matched, injections)) in faults.rules.iter().zip(counts) {
            let decided = decision.before.is_some() || decision.lose_answer.is_some();
            if (decided && !matches!(rule.effect, Effect::DelayMs(_))) || !rule.matches(operation, sql) {
                continue;
            }
            *matched += 1;
            let is_used_up = rule.times.is_some_and(|times| *injections >= times);
            if *matched <= rule.skip || is_used_up || (rule.rate < 1.0 && random.f64() >= rule.rate) {
                continue;
            }
            *injections += 1;
            match rule.effect {
                Effect::Error(kind) => decision.before = Some(Before::Error(kind)),
                Effect::DropRequest => decision.before = Some(Before::Drop),
                Effect::LoseAnswer(loss) => decision.lose_answer = Some(loss),
                Effect::DelayMs(delay) => decision.delay += Duration::from_millis(delay),
            }
        }
        if decision.before.is_some() || decision.lose_answer.is_some() {
            *injected += 1;
        }
        decision
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(faults: Faults) -> Self {
        Self {
            random: fastrand::Rng::with_seed(faults.seed),
            resuming_since: None,
            counts: vec![(0, 0); faults.rules.len()],
            injected: 0,
            calls: 0,
            faults,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXECUTE: Operation = Operation::ExecuteStatement;

    #[test]
    fn a_rule_injects_after_its_skip_and_only_so_often() {
        let rule = Rule::error(ErrorKind::ThrottlingException).on(EXECUTE).sql("INSERT").after(1).times(2);
        let handle = FaultHandle::new(Faults::default().with(rule));
        let injected = |sql| handle.decide(EXECUTE, Some(sql), false).before.is_some();
        assert!(!injected("SELECT 1"));
        let inserts: Vec<bool> = (0..5).map(|_| injected("INSERT INTO t")).collect();
        assert_eq!(inserts, [false, true, true, false, false]);
        assert_eq!((handle.injected(), handle.calls()), (2, 6));
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let run = |seed| {
            let rule = Rule::error(ErrorKind::ServiceUnavailableError).rate(0.3);
            let handle = FaultHandle::new(Faults { seed, ..Faults::default() }.with(rule));
            (0..200).map(|_| handle.decide(EXECUTE, None, false).before.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let injected = run(7).into_iter().filter(|injected| *injected).count();
        assert!((30..90).contains(&injected), "{injected} of 200 at rate 0.3");
    }

    #[test]
    fn a_paused_cluster_lets_open_transactions_continue() {
        let handle = FaultHandle::new(Faults { resume_ms: 60_000, ..Faults::default() });
        let before = |in_transaction| handle.decide(EXECUTE, None, in_transaction).before;
        assert_eq!(before(false), Some(Before::Error(ErrorKind::DatabaseResumingException)));
        assert_eq!(before(true), None);
    }

    #[test]
    fn the_json_form_is_strict_and_round_trips() {
        let json = r#"{"seed":1,"latency_ms":5,"rules":[
            {"effect":{"error":"ThrottlingException"},"rate":0.5},
            {"effect":{"lose_answer":"drop"},"operations":["CommitTransaction"],"times":1},
            {"effect":"drop_request"},{"effect":{"delay_ms":20}}]}"#;
        let faults: Faults = serde_json::from_str(json).unwrap();
        assert_eq!(faults.rules[1], Rule::lose_answer().on(Operation::CommitTransaction).times(1));
        let again: Faults = serde_json::from_str(&serde_json::to_string(&faults).unwrap()).unwrap();
        assert_eq!(again, faults);
        assert!(serde_json::from_str::<Faults>(r#"{"latency":5}"#).is_err());
        assert!(serde_json::from_str::<Faults>(r#"{"rules":[{"effect":{"error":"Nope"}}]}"#).is_err());
    }
}
