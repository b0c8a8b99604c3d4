//! Functions that are killed, or frozen, at every call to the database.

use std::time::Duration;

use anyhow::Result;
use aurora::swap::{self, Fence};
use aurora::{Database, Error, restores};
use testkit::TestDatabase;
use testkit::local_data_api::{Config, Credentials, Effect, Faults, Rule, Server, Upstream};

use super::job::{Job, Kind};
use super::loader::{self, File};
use super::{let_time_pass, no_faults};
use crate::restores::worker::{Work, named, restore};
use crate::restores::{
    assert_settled, content, database, database_with, let_an_hour_pass, previous_content, status,
};

const TWO: [&str; 2] = ["collections", "tags"];

/// A database whose Data API soon rolls back what a killed function has left open.
async fn forgetful() -> Result<TestDatabase> {
    database_with(|config| config.limits.transaction_idle = Duration::from_secs(1)).await
}

/// Does `work` until its call after the first `calls`, which never arrives, and kills it there.
/// False if it got through before.
async fn kill_after<W>(test: &TestDatabase, calls: u32, work: W) -> Result<bool>
where
    W: Future<Output = Result<(), Error>> + Send + 'static,
{
    test.data_api().set(Faults::default().with(Rule::new(Effect::DropRequest).after(calls)));
    let task = tokio::spawn(work);
    while !task.is_finished() && test.data_api().injected() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let killed = test.data_api().injected() > 0;
    task.abort();
    let result = task.await;
    no_faults(test);
    if !killed {
        result??;
    }
    Ok(killed)
}

/// S1: readers never see a part, and the next delivery ends the job (S5).
async fn killed_at_any_call(kind: Kind) -> Result<()> {
    let test = forgetful().await?;
    for calls in 0.. {
        let when = format!("killed at call {calls}");
        let job = Job::new(kind, &format!("new {calls}"));
        let before = job.content(&test).await?;
        let killed = kill_after(&test, calls, job.clone().run(test.database())).await?;
        let seen = job.content(&test).await?;
        assert!(seen == before || seen == job.rows(), "{when}: {seen:?}");
        job.clone().run(test.database()).await?;
        job.assert_done(&test, &before, &when).await?;
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
        if !killed {
            assert!(calls > 35, "{calls}");
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_replace_killed_at_any_call_is_whole_to_readers_and_its_next_delivery_ends_it() -> Result<()> {
    killed_at_any_call(Kind::Replace).await
}

#[tokio::test]
async fn a_restore_killed_at_any_call_is_whole_to_readers_and_its_next_invocation_ends_it() -> Result<()> {
    killed_at_any_call(Kind::Restore).await
}

/// S4: a writer that meets the fence settles the swap, or the reaper does. What was filled is not
/// lost.
async fn swap_killed_at_any_call(kind: Kind) -> Result<()> {
    let test = forgetful().await?;
    for calls in 0.. {
        let when = format!("killed at call {calls}");
        let job = Job::new(kind, &format!("new {calls}"));
        let before = job.content(&test).await?;
        let filled = job.fill(&test).await?;
        let killed = kill_after(&test, calls, filled.swap(test.database())).await?;
        let_time_pass(&test).await?;
        if calls % 2 == 0 {
            assert_eq!(swap::recover(&test.database(), "collections").await?, Fence::Lifted);
        } else {
            swap::reap(&test.database()).await?;
        }
        let is_completed = job.is_completed(&test).await?;
        let expected = if is_completed { job.rows() } else { before.clone() };
        assert_eq!(job.content(&test).await?, expected, "{when}");
        if kind == Kind::Restore && calls % 4 >= 2 {
            // Nobody takes it up again.
            let_an_hour_pass(&test).await?;
            crate::reap(&test.database()).await?;
            assert_eq!(job.content(&test).await?, expected, "{when}");
        } else {
            // Nothing is committed anew.
            for (ledger, id) in [("load", "load_id"), ("restore", "restore_id")] {
                let stop = format!(
                    "CREATE TRIGGER stop_{ledger} BEFORE INSERT ON rowgate_{ledger}_chunks FOR EACH ROW \
                     SET NEW.{id} = NULL"
                );
                test.sql(&stop).await?;
            }
            job.clone().run(test.database()).await?;
            test.sql("DROP TRIGGER stop_load").await?;
            test.sql("DROP TRIGGER stop_restore").await?;
            job.assert_done(&test, &before, &when).await?;
            crate::reap(&test.database()).await?;
        }
        assert_settled(&test).await?;
        if !killed {
            assert!(calls > 20, "{calls}");
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_swap_of_a_replace_killed_at_any_call_is_recovered_by_a_writer_or_by_the_reaper() -> Result<()> {
    swap_killed_at_any_call(Kind::Replace).await
}

#[tokio::test]
async fn the_swap_of_a_restore_killed_at_any_call_is_recovered_by_a_writer_or_by_the_reaper() -> Result<()> {
    swap_killed_at_any_call(Kind::Restore).await
}

#[tokio::test]
async fn a_replace_killed_at_any_call_lets_an_append_through_that_is_whole() -> Result<()> {
    let test = forgetful().await?;
    for calls in 0.. {
        let job = Job::new(Kind::Replace, &format!("new {calls}"));
        let first = 100 * (i64::from(calls) + 1);
        let append = File::append(&calls.to_string(), named(first..=first + 5, "appended"));
        let before = content(&test, TWO[0]).await?;
        let killed = kill_after(&test, calls, job.clone().run(test.database())).await?;
        let_time_pass(&test).await?;
        loader::load(&test.database(), &append).await?;
        assert_eq!(super::status(&test, &append).await?, "completed 6 = 6 + 0", "killed at call {calls}");
        let is_replaced = job.is_completed(&test).await.unwrap_or_default();
        let under = if is_replaced { &job.rows()[0] } else { &before };
        let both = [under.as_slice(), &append.rows].concat();
        assert_eq!(content(&test, TWO[0]).await?, both, "killed at call {calls}");
        // The swap replaces what the append added before it.
        job.clone().run(test.database()).await?;
        let expected = if is_replaced { &both } else { &job.rows()[0] };
        assert_eq!(&content(&test, TWO[0]).await?, expected, "killed at call {calls}");
        assert!(job.is_completed(&test).await?, "killed at call {calls}");
        swap::reap(&test.database()).await?;
        assert_settled(&test).await?;
        if !killed {
            assert!(calls > 35, "{calls}");
            break;
        }
        test.sql("DELETE FROM collections WHERE id >= 100").await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_undo_killed_at_any_call_loses_neither_table() -> Result<()> {
    let test = forgetful().await?;
    let mut last = Work::of(&TWO, "new");
    restore(&test.database(), &last).await?;
    for calls in 0.. {
        let before = Job::Restore(last.clone()).content(&test).await?;
        let aside =
            [previous_content(&test, &last, TWO[0]).await?, previous_content(&test, &last, TWO[1]).await?];
        let back = last.undone();
        let killed = kill_after(&test, calls, Job::Restore(back.clone()).run(test.database())).await?;
        if calls % 2 == 0 {
            let_an_hour_pass(&test).await?;
            crate::reap(&test.database()).await?;
        } else {
            restore(&test.database(), &back).await?;
        }
        let now = Job::Restore(last.clone()).content(&test).await?;
        let begun = restores::get(&test.database(), &back.id).await?.is_some();
        let keeps = if begun && status(&test, &back).await? == "completed" {
            assert_eq!(now, aside, "killed at call {calls}");
            last = back;
            before
        } else {
            assert!(calls % 2 == 0, "{calls}");
            assert_eq!(now, before, "killed at call {calls}");
            aside.to_vec()
        };
        for (table, kept) in TWO.iter().zip(&keeps) {
            assert_eq!(&previous_content(&test, &last, table).await?, kept, "killed at call {calls}");
        }
        crate::reap(&test.database()).await?;
        assert_settled(&test).await?;
        if !killed {
            assert!(calls > 30, "{calls}");
            break;
        }
    }
    Ok(())
}

/// A Data API of its own for one function, so that it alone is frozen.
async fn door(test: &TestDatabase) -> Result<(Server, Database)> {
    let upstream = Upstream::Socket(test.mysql_socket().to_owned());
    let server = Server::bind(Config::new(upstream, Credentials::fixed("root", ""))).await?;
    let config = test.client().config().to_builder().endpoint_url(server.url()).build();
    let client = testkit::sdk::Client::from_conf(config);
    let database = Database::new(client, test.target()).with_deadline(test.database().deadline());
    Ok((server, database))
}

/// S2: one function freezes before a call of its swap. Others settle the swap and load something
/// else; then the function continues with that very call, and never gets the answer to the next
/// one. Returns false if it makes no such call.
async fn freeze_at(kind: Kind, calls: u32) -> Result<bool> {
    let when = format!("frozen at call {calls}");
    let test = database().await?;
    let job = Job::new(kind, "new");
    let filled = job.fill(&test).await?;
    let (server, frozen) = door(&test).await?;
    let freeze = Rule::new(Effect::DelayMs(3000)).after(calls).times(1);
    let next = Rule::lose_answer().after(calls + 1).times(1);
    server.faults().set(Faults::default().with(freeze).with(next));
    let late = tokio::spawn(filled.swap(frozen));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let_time_pass(&test).await?;
    let append = File::append("v1", named(100..=105, "appended"));
    loader::load(&test.database(), &append).await?;
    if let Err(error) = late.await? {
        assert!(error.is_retryable() || error.is_unknown_outcome(), "{when}: {error:?}");
        job.clone().run(test.database()).await?;
    }
    assert!(job.is_completed(&test).await?, "{when}");
    assert_eq!(super::status(&test, &append).await?, "completed 6 = 6 + 0", "{when}");
    // The appended rows are in the table that existed then: the later end shows which.
    let (ledger, id) = job.ledger();
    let sql = format!(
        "SELECT COUNT(*) FROM rowgate_loads a WHERE a.load_id = '{}' \
         AND a.finished_at > (SELECT finished_at FROM rowgate_{ledger}s WHERE {ledger}_id = '{id}')",
        append.id
    );
    let is_later = test.value(&sql).await? == "1";
    let (mut expected, old) = (job.rows(), named(1..=3, "old"));
    if is_later {
        expected[0].extend(append.rows.clone());
    }
    assert_eq!(job.content(&test).await?, expected, "{when}");
    if let Job::Restore(work) = &job {
        // A load that was sent back to its start has left what it had committed in the previous
        // table.
        let previous = previous_content(&test, work, TWO[0]).await?;
        let appended = previous.strip_prefix(&old[..]).unwrap();
        assert!(append.rows.starts_with(appended), "{when}: {appended:?}");
        assert!(is_later || appended.len() == append.rows.len(), "{when}: {appended:?}");
    }
    crate::reap(&test.database()).await?;
    assert_settled(&test).await?;
    Ok(server.faults().injected() > 0)
}

async fn freeze_at_any_call(kind: Kind) -> Result<()> {
    for first in (0..).step_by(6) {
        let at = |offset: u32| tokio::spawn(freeze_at(kind, first + offset));
        let tasks = [at(0), at(1), at(2), at(3), at(4), at(5)];
        let mut all_frozen = true;
        for task in tasks {
            all_frozen &= task.await??;
        }
        if !all_frozen {
            assert!(first >= 18, "{first}");
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_replace_that_freezes_at_any_call_of_its_swap_does_no_harm_when_it_wakes_up() -> Result<()> {
    freeze_at_any_call(Kind::Replace).await
}

#[tokio::test]
async fn a_restore_that_freezes_at_any_call_of_its_swap_does_no_harm_when_it_wakes_up() -> Result<()> {
    freeze_at_any_call(Kind::Restore).await
}
