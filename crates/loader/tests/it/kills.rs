//! The function is killed at any time, and nothing of it gets to clean up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use aurora::Deadline;
use bucket::FaultyBucket;
use loader::handle;
use testkit::TestDatabase;

use crate::cloud::{Cloud, INVOCATION, Message, batch, loader_over};
use crate::sample::Sample;

const ROWS: i64 = 8_000;

/// The number of times to be killed at.
const KILLS: u32 = 12;

/// Delivers a message to a loader on a runtime of its own and drops that runtime after `life`:
/// tasks that would roll transactions back never run, as after kill -9. Says whether it was killed
/// before it ended.
fn deliver_and_kill(
    test: &Arc<TestDatabase>,
    bucket: FaultyBucket,
    message: Message,
    life: Duration,
) -> bool {
    let test = Arc::clone(test);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let killed = runtime.block_on(async {
            let loader = loader_over(&test, bucket);
            let handling = handle(&loader, batch(&[message]).unwrap(), Deadline::after(INVOCATION));
            tokio::time::timeout(life, handling).await.is_err()
        });
        runtime.shutdown_background();
        killed
    });
    thread.join().unwrap()
}

async fn cloud() -> Result<Cloud> {
    let test = TestDatabase::start_with(|config| {
        // The open transaction of a killed loader ends after three minutes, here sooner.
        config.limits.transaction_idle = Duration::from_millis(500);
        config.limits.call = Duration::from_secs(5);
    })
    .await?;
    Cloud::over(test).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_time_every_row_counts_once() -> Result<()> {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    println!("seed {seed}");
    let sample = Sample::new(ROWS);
    let unharmed = cloud().await?;
    let message = unharmed.drop_file("incoming/documents/x.csv", sample.content.clone());
    let started = Instant::now();
    unharmed.deliver_until_done(&message).await?;
    let whole = started.elapsed();

    for kill in 1..=KILLS {
        let mut cloud = cloud().await?;
        let message = cloud.drop_file("incoming/documents/x.csv", sample.content.clone());
        let test = Arc::new(cloud.test);
        let mut killed = 0;
        for _ in 0..3 {
            let life = whole.mul_f64(random.f64() * f64::from(kill) / f64::from(KILLS));
            let (test, bucket, message) = (Arc::clone(&test), cloud.bucket.clone(), message.clone());
            let task = tokio::task::spawn_blocking(move || deliver_and_kill(&test, bucket, message, life));
            killed += u32::from(task.await?);
        }
        cloud.test = Arc::into_inner(test).expect("the killed loaders are gone");
        cloud.deliver_until_done(&message).await?;
        let load = cloud.newest().await?;
        sample.check(&cloud, &load).await?;
        println!("{killed} kills, {} attempts", load.attempts);
    }
    Ok(())
}
