//! Swaps over a Data API that fails once, at each call in turn.

use anyhow::Result;
use aurora::loads;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Rule};

use super::loader::{DIGEST, File, begin, fill, load, named, table};
use super::{assert_settled, content, database, no_faults, standing};

/// Strikes each call of a swap in turn. The swap gets through at once, or when the load is delivered again.
async fn strike_each_call(strike: Rule) -> Result<()> {
    let test = database().await?;
    for calls in 0.. {
        let before = content(&test).await?;
        let file = File::replace(&calls.to_string(), named(1..=6, &format!("new {calls}")));
        let (run, target) = begin(&test.database(), &file).await?.unwrap();
        fill(&test.database(), &file, &run, &target).await?;
        test.data_api().set(Faults::default().with(strike.clone().after(calls).times(1)));
        let swapped = loads::swap(&test.database(), &run, table(), DIGEST).await;
        let struck = test.data_api().injected();
        no_faults(&test);
        if swapped.is_err() {
            let seen = content(&test).await?;
            assert!(seen == before || seen == file.rows, "struck at call {calls}: {swapped:?}: {seen:?}");
            load(&test.database(), &file).await?;
        }
        assert_eq!(content(&test).await?, file.rows, "struck at call {calls}");
        assert_eq!(standing(&test, &file).await?, "completed 6 = 6 + 0", "struck at call {calls}");
        loads::debris(&test.database()).await?;
        assert_settled(&test).await?;
        if struck == 0 {
            assert!(calls > 15, "{calls}");
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
async fn a_replace_gets_through_where_many_calls_fail() -> Result<()> {
    let test = database().await?;
    for seed in 0..3 {
        let away = Rule::error(ErrorKind::InternalServerErrorException).rate(0.1);
        let faults = Faults { seed, ..Faults::default() }.with(Rule::lose_answer().rate(0.1)).with(away);
        let file = File::replace(&seed.to_string(), named(1..=6, &format!("new {seed}")));
        test.data_api().set(faults);
        let mut tries = 1;
        while let Err(error) = load(&test.database(), &file).await {
            assert!(error.is_retryable() || error.is_unknown_outcome(), "seed {seed}: {error:?}");
            assert!(tries < 20, "seed {seed}: {error:?}");
            tries += 1;
        }
        no_faults(&test);
        assert_eq!(content(&test).await?, file.rows, "seed {seed}");
        assert_eq!(standing(&test, &file).await?, "completed 6 = 6 + 0", "seed {seed}");
    }
    loads::debris(&test.database()).await?;
    assert_settled(&test).await
}
