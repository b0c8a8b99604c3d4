//! Chunks side by side whose rows meet in keys and unique values.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use super::{rows, world};
use crate::support::{World, figures};

const ALL: &str = "SELECT id, code, label FROM badges ORDER BY id";

/// Badges as the ledger of a file that is loaded row by row would have them.
#[derive(Default)]
struct Model {
    codes: BTreeMap<u64, (String, String)>,
    refused: u64,
}

impl Model {
    fn load(&mut self, (id, code, label): (u64, String, String), is_upsert: bool) {
        let is_taken = self.codes.contains_key(&id) && !is_upsert;
        let is_held = self.codes.iter().any(|(other, (held, _))| *other != id && *held == code);
        if is_taken || is_held {
            self.refused += 1;
        } else {
            self.codes.insert(id, (code, label));
        }
    }

    fn rows(&self) -> Vec<String> {
        self.codes.iter().map(|(id, (code, label))| format!("{id} {code} {label}")).collect()
    }
}

/// Rows of which some share ids or codes with others, near and far.
fn meeting(seed: u64, rows: u64) -> Vec<(u64, String, String)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let row = |number: u64| {
        let mut number_of = |spread: u64| match random.u8(..) {
            0..60 => number.saturating_sub(random.u64(..40)),
            60..90 => random.u64(..spread),
            _ => number,
        };
        (number_of(rows), format!("C{}", number_of(rows)), format!("label-{number}"))
    };
    (0..rows).map(row).collect()
}

fn file(rows: &[(u64, String, String)]) -> String {
    let mut file = String::from("id,code,label\n");
    for (id, code, label) in rows {
        let _ = writeln!(file, "{id},{code},{label}");
    }
    file
}

async fn side_by_side() -> World {
    let mut world = world().await;
    (world.options.lanes, world.options.chunk_bytes) = (8, 1024);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_result_is_that_of_one_row_after_the_other() {
    let mut world = side_by_side().await;
    world.options.max_rejects = Some(domain::dictionary::RejectLimit::Count(u64::MAX));
    for (mode, is_upsert, is_empty) in
        [("", false, false), ("upsert/", true, false), ("upsert/", true, true), ("replace/", false, true)]
    {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut model = Model::default();
        let before = meeting(seed ^ 1, 120);
        world.db.sql("DELETE FROM badges").await.unwrap();
        if !is_empty {
            before.iter().cloned().for_each(|row| model.load(row, false));
            world.drop_file(&format!("incoming/badges/{seed}.csv"), file(&before)).await;
            model.refused = 0;
        }
        let badges = meeting(seed, 1_200);
        let load = world.drop_file(&format!("incoming/badges/{mode}x{seed}.csv"), file(&badges)).await;
        badges.iter().cloned().for_each(|row| model.load(row, is_upsert));
        assert_eq!(figures(&load), (1_200, 1_200 - model.refused, model.refused), "{mode} {load:?}");
        assert!(rows(&world, ALL).await == model.rows(), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_an_upsert_frees_are_for_the_rows_after_it() {
    let mut world = side_by_side().await;
    world.options.max_rejects = Some(domain::dictionary::RejectLimit::Count(u64::MAX));
    let badges = |from: u64, code: char| -> Vec<_> {
        (from..from + 300).map(|id| (id, format!("{code}{:03}", id % 1_000), "l".repeat(20))).collect()
    };
    world.drop_file("incoming/badges/before.csv", file(&badges(0, 'C'))).await;
    let freed_first = file(&[badges(0, 'D'), badges(1_000, 'C')].concat());
    let load = world.drop_file("incoming/badges/upsert/first.csv", freed_first).await;
    assert_eq!(figures(&load), (600, 600, 0));
    let freed_last = file(&[badges(2_000, 'D'), badges(0, 'E')].concat());
    let load = world.drop_file("incoming/badges/upsert/last.csv", freed_last).await;
    assert_eq!(figures(&load), (600, 300, 300));
}

/// Neighbours in the unique index, in chunks side by side, from many directions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unique_values_beside_each_other_are_no_deadlock() {
    let world = side_by_side().await;
    let row = |number: u64, code: u64| (number, format!("C{code:09}"), format!("label-{number}"));
    let up: Vec<_> = (0..1_500).map(|number| row(number, number)).collect();
    let down: Vec<_> = (0..1_500).map(|number| row(1_500 + number, 9_000 - number)).collect();
    let mixed: Vec<_> =
        (0..1_500).map(|number| row(3_000 + number, 10_000 + number * 7_919 % 1_500)).collect();
    for (name, badges) in [("up", &up), ("down", &down), ("mixed", &mixed)] {
        for mode in ["", "upsert/"] {
            world.db.sql("DELETE FROM badges WHERE id % 5 <> 0").await.unwrap();
            if mode.is_empty() {
                world.db.sql("DELETE FROM badges").await.unwrap();
            }
            let before = world.db.data_api().calls();
            let load = world.drop_file(&format!("incoming/badges/{mode}{name}.csv"), file(badges)).await;
            assert_eq!(figures(&load), (1_500, 1_500, 0), "{name} {mode}");
            assert_eq!(load.attempts, 1);
            let calls = world.db.data_api().calls() - before;
            let sql = format!("SELECT COUNT(*) FROM rowgate_load_chunks WHERE load_id = '{}'", load.load);
            let chunks: u64 = world.db.value(&sql).await.unwrap().parse().unwrap();
            // BEGIN, the claim, the rows and COMMIT; in an upsert a question before the rows and
            // one after them. A deadlock's victim would do all of it again.
            let of_chunk = if mode.is_empty() { 4 } else { 6 };
            assert!(chunks > 30 && calls <= of_chunk * chunks + 30, "{name} {mode}: {calls} of {chunks}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_time_and_delivered_again_every_row_counts_once() {
    for (mode, is_upsert) in [("", false), ("upsert/", true)] {
        let mut world =
            World::over(&super::FOLDER, |config| config.limits.transaction_idle = Duration::from_millis(500))
                .await;
        (world.options.lanes, world.options.chunk_bytes) = (4, 2048);
        world.options.max_rejects = Some(domain::dictionary::RejectLimit::Count(u64::MAX));
        let badges = meeting(7, 2_000);
        let object = world.put(&format!("incoming/badges/{mode}a.csv"), "v1", file(&badges));
        for milliseconds in [20, 60, 120, 200, 300, 450] {
            let killed = Duration::from_millis(milliseconds);
            let _ = tokio::time::timeout(killed, world.deliver(&object)).await;
        }
        for _ in 0..2 {
            world.deliver(&object).await.unwrap();
        }
        let mut model = Model::default();
        badges.iter().cloned().for_each(|row| model.load(row, is_upsert));
        let load = world.record(&object).await;
        assert_eq!(figures(&load), (2_000, 2_000 - model.refused, model.refused), "{mode} {load:?}");
        assert!(rows(&world, ALL).await == model.rows(), "{mode}");
        let rejects = super::refused(&world, &load);
        assert_eq!(rejects.len() as u64, model.refused);
    }
}
