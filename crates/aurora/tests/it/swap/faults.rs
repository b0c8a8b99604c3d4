//! Swaps over a Data API that fails once, at each call in turn.

use anyhow::Result;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Rule};

use super::job::{Job, Kind};
use super::no_faults;
use crate::restores::{assert_settled, database};

/// Strikes each call of a swap in turn. The swap gets through at once, or when the job is delivered
/// again (S1, S5).
async fn strike_each_call(strike: Rule) -> Result<()> {
    for kind in Kind::BOTH {
        let test = database().await?;
        for calls in 0.. {
            let when = format!("{kind:?} struck at call {calls}");
            let job = Job::new(kind, &format!("new {calls}"));
            let before = job.content(&test).await?;
            let filled = job.fill(&test).await?;
            test.data_api().set(Faults::default().with(strike.clone().after(calls).times(1)));
            let swapped = filled.swap(test.database()).await;
            let struck = test.data_api().injected();
            no_faults(&test);
            if swapped.is_err() {
                let seen = job.content(&test).await?;
                assert!(seen == before || seen == job.rows(), "{when}: {swapped:?}: {seen:?}");
                job.clone().run(test.database()).await?;
            }
            job.assert_done(&test, &before, &when).await?;
            crate::reap(&test.database()).await?;
            assert_settled(&test).await?;
            if struck == 0 {
                assert!(calls > 20, "{calls}");
                break;
            }
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
async fn a_job_gets_through_where_many_calls_fail() -> Result<()> {
    for kind in Kind::BOTH {
        let test = database().await?;
        for seed in 0..3 {
            let away = Rule::error(ErrorKind::InternalServerErrorException).rate(0.1);
            let faults = Faults { seed, ..Faults::default() }.with(Rule::lose_answer().rate(0.1)).with(away);
            let job = Job::new(kind, &format!("new {seed}"));
            let before = job.content(&test).await?;
            test.data_api().set(faults);
            let mut tries = 1;
            while let Err(error) = job.clone().run(test.database()).await {
                assert!(error.is_retryable() || error.is_unknown_outcome(), "seed {seed}: {error:?}");
                assert!(tries < 20, "seed {seed}: {error:?}");
                tries += 1;
            }
            no_faults(&test);
            job.assert_done(&test, &before, &format!("{kind:?}, seed {seed}")).await?;
        }
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
    }
    Ok(())
}
