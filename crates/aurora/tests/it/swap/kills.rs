//! Loaders that are killed, or frozen, at every call to the database.

use std::time::Duration;

use anyhow::Result;
use aurora::{Database, Error, loads};
use testkit::TestDatabase;
use testkit::local_data_api::{Config, Credentials, Effect, Faults, Rule, Server, Upstream};

use super::loader::{DIGEST, File, begin, fill, load, named, table};
use super::{assert_settled, content, database, database_with, let_time_pass, no_faults, standing};

/// Calls that a replace of two chunks makes at least: a loop over them that ends earlier tests less than it says.
const LOAD_CALLS: u32 = 30;

/// A database whose Data API soon rolls back what a killed loader has left open.
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

/// A whole load as a task of its own.
fn delivery(db: Database, file: &File) -> impl Future<Output = Result<(), Error>> + Send + 'static {
    let file = file.clone();
    async move { load(&db, &file).await }
}

#[tokio::test]
async fn a_replace_killed_at_any_call_is_whole_to_readers_and_its_next_delivery_ends_it() -> Result<()> {
    let test = forgetful().await?;
    for calls in 0.. {
        let before = content(&test).await?;
        let file = File::replace(&calls.to_string(), named(1..=6, &format!("new {calls}")));
        assert!(file.chunks().len() > 1);
        let killed = kill_after(&test, calls, delivery(test.database(), &file)).await?;
        let seen = content(&test).await?;
        assert!(seen == before || seen == file.rows, "killed at call {calls}: {seen:?}");
        load(&test.database(), &file).await?;
        assert_eq!(content(&test).await?, file.rows, "killed at call {calls}");
        assert_eq!(standing(&test, &file).await?, "completed 6 = 6 + 0", "killed at call {calls}");
        loads::debris(&test.database()).await?;
        assert_settled(&test).await?;
        if !killed {
            assert!(calls > LOAD_CALLS, "{calls}");
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_swap_killed_at_any_call_is_recovered_by_an_append_that_meets_it() -> Result<()> {
    let test = forgetful().await?;
    for calls in 0.. {
        let before = content(&test).await?;
        let file = File::replace(&calls.to_string(), named(1..=6, &format!("new {calls}")));
        let first = 100 * (i64::from(calls) + 1);
        let append = File::append(&calls.to_string(), named(first..=first + 5, "appended"));
        let (db, replace) = (test.database(), file.clone());
        let killed = kill_after(&test, calls, async move { load(&db, &replace).await }).await?;
        let_time_pass(&test).await?;
        load(&test.database(), &append).await?;
        assert_eq!(standing(&test, &append).await?, "completed 6 = 6 + 0", "killed at call {calls}");
        let is_replaced = test.value(&count_completed(&file)).await? == "1";
        let under = if is_replaced { &file.rows } else { &before };
        let both = [under.as_slice(), &append.rows].concat();
        assert_eq!(content(&test).await?, both, "killed at call {calls}");
        // What the append added before the swap is replaced by it.
        load(&test.database(), &file).await?;
        let expected = if is_replaced { &both } else { &file.rows };
        assert_eq!(&content(&test).await?, expected, "killed at call {calls}");
        assert_eq!(standing(&test, &file).await?, "completed 6 = 6 + 0", "killed at call {calls}");
        loads::debris(&test.database()).await?;
        assert_settled(&test).await?;
        if !killed {
            assert!(calls > LOAD_CALLS, "{calls}");
            break;
        }
        test.sql("DELETE FROM departments WHERE id >= 100").await?;
    }
    Ok(())
}

fn count_completed(file: &File) -> String {
    format!("SELECT COUNT(*) FROM rowgate_loads WHERE load_id = '{}' AND status = 'completed'", file.id)
}

#[tokio::test]
async fn a_swap_killed_at_any_call_is_recovered_by_the_audit() -> Result<()> {
    let test = forgetful().await?;
    for calls in 0.. {
        let before = content(&test).await?;
        let file = File::replace(&calls.to_string(), named(1..=6, &format!("new {calls}")));
        let (run, target) = begin(&test.database(), &file).await?.unwrap();
        fill(&test.database(), &file, &run, &target).await?;
        let db = test.database();
        let swap = async move { loads::swap(&db, &run, table(), DIGEST).await.map(|_| ()) };
        let killed = kill_after(&test, calls, swap).await?;
        let_time_pass(&test).await?;
        loads::debris(&test.database()).await?;
        let is_replaced = test.value(&count_completed(&file)).await? == "1";
        assert_eq!(&content(&test).await?, if is_replaced { &file.rows } else { &before });
        // What was filled is not lost: nothing is committed anew.
        test.sql(
            "CREATE TRIGGER stop BEFORE INSERT ON rowgate_load_chunks FOR EACH ROW SET NEW.load_id = NULL",
        )
        .await?;
        load(&test.database(), &file).await?;
        test.sql("DROP TRIGGER stop").await?;
        assert_eq!(content(&test).await?, file.rows, "killed at call {calls}");
        assert_settled(&test).await?;
        if !killed {
            assert!(calls > 15, "{calls}");
            break;
        }
    }
    Ok(())
}

/// A Data API of its own for one loader, so that it alone is frozen.
async fn door(test: &TestDatabase) -> Result<(Server, Database)> {
    let upstream = Upstream::Socket(test.mysql_socket().to_owned());
    let server = Server::bind(Config::new(upstream, Credentials::fixed("root", ""))).await?;
    let config = test.client().config().to_builder().endpoint_url(server.url()).build();
    let client = testkit::sdk::Client::from_conf(config);
    let database = Database::new(client, test.target()).with_deadline(test.database().deadline());
    Ok((server, database))
}

/// One loader freezes before a call of its swap. Others take the swap over, load something else, and then it goes on,
/// with that very call; the answer to the next one it never gets. False where it makes no such call.
async fn freeze_at(calls: u32) -> Result<bool> {
    let test = database().await?;
    let file = File::replace("v1", named(1..=6, "new"));
    let (run, target) = begin(&test.database(), &file).await?.unwrap();
    fill(&test.database(), &file, &run, &target).await?;
    let (server, frozen) = door(&test).await?;
    let freeze = Rule::new(Effect::DelayMs(3000)).after(calls).times(1);
    let next = Rule::lose_answer().after(calls + 1).times(1);
    server.faults().set(Faults::default().with(freeze).with(next));
    let late = tokio::spawn(async move { loads::swap(&frozen, &run, table(), DIGEST).await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    let_time_pass(&test).await?;
    let append = File::append("v1", named(100..=105, "appended"));
    load(&test.database(), &append).await?;
    late.await??;
    // However far it had come: both are through, and the later of them tells what is in the table.
    assert_eq!(standing(&test, &file).await?, "completed 6 = 6 + 0", "frozen at call {calls}");
    assert_eq!(standing(&test, &append).await?, "completed 6 = 6 + 0", "frozen at call {calls}");
    let ends = format!(
        "SELECT COUNT(*) FROM rowgate_loads a JOIN rowgate_loads r ON r.finished_at < a.finished_at \
         WHERE a.load_id = '{}' AND r.load_id = '{}'",
        append.id, file.id
    );
    let is_append_later = test.value(&ends).await? == "1";
    let both = [file.rows.as_slice(), &append.rows].concat();
    let expected = if is_append_later { &both } else { &file.rows };
    assert_eq!(&content(&test).await?, expected, "frozen at call {calls}");
    loads::debris(&test.database()).await?;
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
            assert!(first >= 12, "{first}");
            break;
        }
    }
    Ok(())
}
