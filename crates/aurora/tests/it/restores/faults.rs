//! Restores over a Data API that fails once, at each call in turn.

use anyhow::Result;
use aurora::restores;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Rule};

use super::worker::{Work, begin, fill, restore};
use super::{assert_settled, content, database, kept_content, no_faults, standing};

/// Strikes each call of a swap in turn. The swap gets through at once, or when the restore is invoked again.
async fn strike_each_call(strike: Rule) -> Result<()> {
    let test = database().await?;
    for calls in 0.. {
        let (jobs, departments) = (content(&test, "jobs").await?, content(&test, "departments").await?);
        let work = Work::of(&["jobs", "departments"], &format!("new {calls}"));
        begin(&test.database(), &work).await?;
        fill(&test.database(), &work).await?;
        test.data_api().set(Faults::default().with(strike.clone().after(calls).times(1)));
        let swapped = restores::swap(&test.database(), &work.id).await;
        let struck = test.data_api().injected();
        no_faults(&test);
        if swapped.is_err() {
            let seen = (content(&test, "jobs").await?, content(&test, "departments").await?);
            let is_old = seen == (jobs.clone(), departments.clone());
            assert!(
                is_old || seen.0 == work.rows("jobs") && seen.1 == work.rows("departments"),
                "{calls}: {seen:?}"
            );
            restore(&test.database(), &work).await?;
        }
        assert_eq!(content(&test, "jobs").await?, work.rows("jobs"), "struck at call {calls}");
        assert_eq!(content(&test, "departments").await?, work.rows("departments"), "struck at call {calls}");
        assert_eq!(kept_content(&test, &work, "jobs").await?, jobs, "struck at call {calls}");
        assert_eq!(kept_content(&test, &work, "departments").await?, departments, "struck at call {calls}");
        restores::sweep(&test.database()).await?;
        assert_settled(&test).await?;
        if struck == 0 {
            assert!(calls > 20, "{calls}");
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_swap_gets_through_whichever_answer_is_lost() -> Result<()> {
    strike_each_call(Rule::lose_answer()).await
}

#[tokio::test]
async fn a_swap_gets_through_whichever_call_never_arrives() -> Result<()> {
    strike_each_call(Rule::new(Effect::DropRequest)).await
}

#[tokio::test]
async fn a_swap_gets_through_when_it_is_done_again_whichever_call_is_refused() -> Result<()> {
    strike_each_call(Rule::error(ErrorKind::AccessDeniedException)).await
}

#[tokio::test]
async fn a_restore_gets_through_where_many_calls_fail() -> Result<()> {
    let test = database().await?;
    for seed in 0..3 {
        let away = Rule::error(ErrorKind::InternalServerErrorException).rate(0.1);
        let faults = Faults { seed, ..Faults::default() }.with(Rule::lose_answer().rate(0.1)).with(away);
        let work = Work::of(&["jobs", "departments"], &format!("new {seed}"));
        test.data_api().set(faults);
        let mut tries = 1;
        while let Err(error) = restore(&test.database(), &work).await {
            assert!(error.is_retryable() || error.is_unknown_outcome(), "seed {seed}: {error:?}");
            assert!(tries < 20, "seed {seed}: {error:?}");
            tries += 1;
        }
        no_faults(&test);
        assert_eq!(content(&test, "jobs").await?, work.rows("jobs"), "seed {seed}");
        assert_eq!(content(&test, "departments").await?, work.rows("departments"), "seed {seed}");
        assert_eq!(standing(&test, &work).await?, "completed", "seed {seed}");
    }
    restores::sweep(&test.database()).await?;
    assert_settled(&test).await
}
