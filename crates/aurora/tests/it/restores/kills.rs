//! Functions that are killed, or frozen, at every call to the database.

use std::time::Duration;

use anyhow::Result;
use aurora::{Database, Error, loads, restores};
use testkit::TestDatabase;
use testkit::local_data_api::{Config, Credentials, Effect, Faults, Rule, Server, Upstream};

use super::worker::{Rows, Work, begin, fill, insert, named, restore};
use super::{
    assert_settled, content, database, database_with, kept_content, let_an_hour_pass, let_time_pass,
    no_faults, standing,
};

const TWO: [&str; 2] = ["departments", "jobs"];

/// A database whose Data API soon rolls back what a killed function has left open.
async fn forgetful() -> Result<TestDatabase> {
    database_with(|config| config.limits.transaction_idle = Duration::from_secs(1)).await
}

/// Does `work` until its call after the first `calls`, which never arrives, and kills it there. False when it got
/// through before.
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

async fn all(test: &TestDatabase) -> Result<[Rows; 2]> {
    Ok([content(test, TWO[0]).await?, content(test, TWO[1]).await?])
}

fn rows(work: &Work) -> [Rows; 2] {
    TWO.map(|table| work.rows(table).to_vec())
}

fn invocation(db: Database, work: &Work) -> impl Future<Output = Result<(), Error>> + Send + 'static {
    let work = work.clone();
    async move { restore(&db, &work).await }
}

#[tokio::test]
async fn a_restore_killed_at_any_call_is_whole_to_readers_and_its_next_invocation_ends_it() -> Result<()> {
    let test = forgetful().await?;
    for calls in 0.. {
        let before = all(&test).await?;
        let work = Work::of(&TWO, &format!("new {calls}"));
        assert!(work.chunks("jobs").len() > 1);
        let killed = kill_after(&test, calls, invocation(test.database(), &work)).await?;
        let seen = all(&test).await?;
        assert!(seen == before || seen == rows(&work), "killed at call {calls}: {seen:?}");
        restore(&test.database(), &work).await?;
        assert_eq!(all(&test).await?, rows(&work), "killed at call {calls}");
        for (table, former) in TWO.iter().zip(&before) {
            assert_eq!(&kept_content(&test, &work, table).await?, former, "killed at call {calls}");
        }
        restores::sweep(&test.database()).await?;
        assert_settled(&test).await?;
        if !killed {
            assert!(calls > 60, "{calls}");
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_swap_killed_at_any_call_is_recovered_by_writers_that_meet_it_or_by_the_sweep() -> Result<()> {
    let test = forgetful().await?;
    for calls in 0.. {
        let before = all(&test).await?;
        let work = Work::of(&TWO, &format!("new {calls}"));
        begin(&test.database(), &work).await?;
        fill(&test.database(), &work).await?;
        let db = test.database();
        let id = work.id.clone();
        let swap = async move { restores::swap(&db, &id).await.map(|_| ()) };
        let killed = kill_after(&test, calls, swap).await?;
        let_time_pass(&test).await?;
        if calls % 2 == 0 {
            assert_eq!(loads::recover_gate(&test.database(), "jobs").await?, loads::Gate::Open);
        } else {
            restores::sweep(&test.database()).await?;
        }
        let is_completed = standing(&test, &work).await? == "completed";
        let expected = if is_completed { rows(&work) } else { before };
        assert_eq!(all(&test).await?, expected, "killed at call {calls}");
        // What was filled is not lost: nothing is committed anew.
        if calls % 4 < 2 {
            test.sql("CREATE TRIGGER stop BEFORE INSERT ON rowgate_restore_chunks FOR EACH ROW SET NEW.restore_id = NULL").await?;
            restore(&test.database(), &work).await?;
            test.sql("DROP TRIGGER stop").await?;
            assert_eq!(all(&test).await?, rows(&work), "killed at call {calls}");
            restores::sweep(&test.database()).await?;
        } else {
            // Nobody takes it up again.
            let_an_hour_pass(&test).await?;
            restores::sweep(&test.database()).await?;
            assert_eq!(all(&test).await?, expected, "killed at call {calls}");
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
async fn a_put_back_killed_at_any_call_loses_neither_table() -> Result<()> {
    let test = forgetful().await?;
    let mut last = Work::of(&TWO, "new");
    restore(&test.database(), &last).await?;
    for calls in 0.. {
        let before = all(&test).await?;
        let aside = [kept_content(&test, &last, TWO[0]).await?, kept_content(&test, &last, TWO[1]).await?];
        let back = last.undone();
        let killed = kill_after(&test, calls, invocation(test.database(), &back)).await?;
        if calls % 2 == 0 {
            let_an_hour_pass(&test).await?;
            restores::sweep(&test.database()).await?;
        } else {
            restore(&test.database(), &back).await?;
        }
        let begun = restores::get(&test.database(), &back.id).await?.is_some();
        let keeps = if begun && standing(&test, &back).await? == "completed" {
            assert_eq!(all(&test).await?, aside, "killed at call {calls}");
            last = back;
            before
        } else {
            assert!(calls % 2 == 0, "{calls}");
            assert_eq!(all(&test).await?, before, "killed at call {calls}");
            aside
        };
        for (table, kept) in TWO.iter().zip(&keeps) {
            assert_eq!(&kept_content(&test, &last, table).await?, kept, "killed at call {calls}");
        }
        restores::sweep(&test.database()).await?;
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

/// One function freezes before a call of its swap. Others open the gates, somebody writes, and then it goes on, with that
/// very call; the answer to the next one it never gets. False where it makes no such call.
async fn freeze_at(calls: u32) -> Result<bool> {
    let test = database().await?;
    let work = Work::of(&TWO, "new");
    begin(&test.database(), &work).await?;
    fill(&test.database(), &work).await?;
    let (server, frozen) = door(&test).await?;
    let freeze = Rule::new(Effect::DelayMs(3000)).after(calls).times(1);
    let next = Rule::lose_answer().after(calls + 1).times(1);
    server.faults().set(Faults::default().with(freeze).with(next));
    let late = tokio::spawn({
        let id = work.id.clone();
        async move { restores::swap(&frozen, &id).await }
    });
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let_time_pass(&test).await?;
    loads::recover_gate(&test.database(), "jobs").await?;
    let was_completed = standing(&test, &work).await? == "completed";
    let added = insert("jobs", "jobs", &named(100..=101, "added"));
    test.sql(added.sql()).await?;
    let swapped = late.await?;
    if let Err(error) = swapped {
        assert!(error.is_retryable() || error.is_unknown_outcome(), "frozen at call {calls}: {error:?}");
        restore(&test.database(), &work).await?;
    }
    assert_eq!(standing(&test, &work).await?, "completed", "frozen at call {calls}");
    // What was added is in the table that was there when it came.
    let (news, olds) = (work.rows("jobs"), named(1..=3, "old"));
    let with_added = |rows: &[(i64, String)]| [rows, &named(100..=101, "added")].concat();
    let (there, kept) = (content(&test, "jobs").await?, kept_content(&test, &work, "jobs").await?);
    if was_completed {
        assert_eq!((there, kept), (with_added(news), olds), "frozen at call {calls}");
    } else {
        assert_eq!((there, kept), (news.to_vec(), with_added(&olds)), "frozen at call {calls}");
    }
    assert_eq!(content(&test, "departments").await?, work.rows("departments"));
    restores::sweep(&test.database()).await?;
    assert_settled(&test).await?;
    Ok(server.faults().injected() > 0)
}

#[tokio::test]
async fn a_swap_that_freezes_at_any_call_does_no_harm_when_it_wakes_up() -> Result<()> {
    for first in (0..).step_by(6) {
        let at = |offset: u32| tokio::spawn(freeze_at(first + offset));
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
