//! Loads that take several invocations, through S3, the queue and a function whose time-out is
//! three seconds: each is continued until its whole file is loaded.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{Cloud, Pipeline, Waiting, assert_counts, ended, eventually};

/// The least number of invocations that proves something.
const INVOCATIONS: usize = 5;
/// Records of a file that takes six invocations on an idle machine, and three times as many on a
/// busy one.
const RECORDS: i64 = 30_000;
/// One record in this many has no name.
const FLAWED: i64 = 250;
const NONE: Waiting = Waiting { visible: 0, held: 0 };
const HELD: Waiting = Waiting { visible: 0, held: 1 };

/// A file of employees, and the expected result of its load.
struct File {
    content: String,
    records: u64,
    /// The valid lines, by id.
    loaded: String,
    /// The lines of the rejects files, with their header.
    rejected: Vec<String>,
}

impl File {
    fn new(cloud: &Cloud, first: i64, records: i64) -> Self {
        let (ids, mut content, mut loaded) = (cloud.ids, String::new(), String::new());
        let mut rejected = vec!["id,name,datetime,department_id,job_id,line,code,reason".to_owned()];
        for (index, line) in (first..first + records).zip(1..) {
            if line % FLAWED == 0 {
                let (id, place, time) = (ids.at(index), ids.base, format!("{}-07-27T16:02:08Z", ids.year));
                let record = format!("{id},,{time},{place},{place}");
                content.push_str(&format!("{record}\n"));
                rejected.push(format!("{record},{line},required,name is required"));
            } else {
                let record = ids.line(index);
                content.push_str(&record);
                loaded.push_str(&record);
            }
        }
        Self { content, records: records.unsigned_abs(), loaded, rejected }
    }

    /// Compares a load that has ended, its rows and its rejects with the file.
    async fn check(&self, pipeline: &Pipeline, load: &Value) {
        let Pipeline { cloud, .. } = pipeline;
        let rejected = self.rejected.len() as u64 - 1;
        assert_counts(load, "completed", self.records, self.records - rejected, rejected);
        assert_eq!((&load["error"], &load["unknown_references"]), (&Value::Null, &Value::from(0)), "{load}");

        let (from, _) = self.loaded.split_once(',').unwrap();
        let last = self.loaded.lines().next_back().unwrap();
        let (to, _) = last.split_once(',').unwrap();
        let sql = format!(
            "SELECT id, name, DATE_FORMAT(`datetime`, '%Y-%m-%dT%H:%i:%sZ'), department_id, job_id FROM employees \
             WHERE id BETWEEN {from} AND {to} ORDER BY id"
        );
        let stored: String = cloud.database.rows(&sql).await.iter().map(|row| row.join(",") + "\n").collect();
        assert!(stored == self.loaded, "the rows of the table are not the valid rows of the file");
        assert_eq!(cloud.rejects(load).await, self.rejected);

        let id = load["load"].as_str().unwrap();
        // One entry in the ledger; its chunks cover the file without gap or overlap and add up to
        // it.
        let same_object =
            "FROM rowgate_loads o JOIN rowgate_loads l USING (bucket, object_key, object_version)";
        let entries = format!("SELECT COUNT(*) {same_object} WHERE l.load_id = '{id}'");
        assert_eq!(cloud.database.number(&entries).await, 1);
        let chunks = format!(
            "SELECT chunk_no, start_byte, end_byte, rows_read, rows_loaded, rows_rejected, rejects_key \
             FROM rowgate_load_chunks WHERE load_id = '{id}' ORDER BY chunk_no"
        );
        let (mut end, mut sums, mut keys) = ("0".to_owned(), [0; 3], Vec::new());
        for (number, chunk) in cloud.database.rows(&chunks).await.into_iter().enumerate() {
            assert_eq!((&chunk[0], &chunk[1]), (&number.to_string(), &end), "{chunk:?}");
            end.clone_from(&chunk[2]);
            for (sum, count) in sums.iter_mut().zip(&chunk[3..6]) {
                *sum += count.parse::<u64>().unwrap();
            }
            keys.extend(chunk.into_iter().nth(6).filter(|key| key != "NULL"));
        }
        assert_eq!(end, self.content.len().to_string());
        assert_eq!(sums, [self.records, self.records - rejected, rejected]);
        assert_eq!(cloud.reject_keys(load).await, keys);
        assert_eq!(pipeline.dead().await, NONE);
    }
}

fn plain(content: &str) -> Vec<u8> {
    content.as_bytes().to_vec()
}

fn packed(content: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(content.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[tokio::test]
async fn a_file_that_needs_many_invocations_is_one_load_that_resumes_at_a_byte() {
    Pipeline::with(|pipeline| async move { in_many_invocations(&pipeline, "long.csv", plain).await }).await;
}

#[tokio::test]
async fn a_packed_file_that_needs_many_invocations_is_one_load_that_skips_what_is_in() {
    Pipeline::with(|pipeline| async move { in_many_invocations(&pipeline, "long.csv.gz", packed).await })
        .await;
}

async fn in_many_invocations(pipeline: &Pipeline, name: &str, pack: fn(&str) -> Vec<u8>) {
    let Pipeline { cloud, .. } = pipeline;
    cloud.seed().await;
    // A machine that is faster gets a larger file.
    for (first, records) in [(0, RECORDS), (RECORDS, 2 * RECORDS), (3 * RECORDS, 5 * RECORDS)] {
        let file = File::new(cloud, first, records);
        let key = cloud.key("employees", &format!("{records}-{name}"));
        cloud.put(&key, pack(&file.content)).await;
        let load = pipeline.ended(&key).await;
        file.check(pipeline, &load).await;
        eventually("the queue is empty", async || pipeline.waiting().await == NONE).await;
        if load["attempts"].as_u64().unwrap() < INVOCATIONS as u64 {
            continue;
        }

        let attempts = load["attempts"].as_u64().unwrap();
        let id = load["load"].as_str().unwrap();
        // Each attempt was an invocation of its own, and all but the last handed the load on.
        eventually("every invocation is in the log", async || {
            logged(pipeline, id, "load begins").await == attempts
        })
        .await;
        let continued =
            logged(pipeline, id, "the time is up; the load continues in another invocation").await;
        assert!(
            continued >= INVOCATIONS as u64 - 1,
            "{continued} of {attempts} invocations handed the load on"
        );
        assert_eq!(logged(pipeline, id, "load ended").await, 1);

        // Its parts make the whole: the same bytes again are known.
        let again = cloud.key("employees", &format!("again-{name}"));
        cloud.put(&again, pack(&file.content)).await;
        let skipped = pipeline.ended(&again).await;
        assert_counts(&skipped, "skipped", 0, 0, 0);
        assert_eq!(skipped["same_as"], load["load"]);
        return;
    }
    panic!("no file was so large that it needed {INVOCATIONS} invocations");
}

/// A killed function does not even answer its queue.
#[tokio::test]
async fn a_function_killed_amid_many_invocations_loses_nothing() {
    Pipeline::with(|pipeline| async move {
        let Pipeline { cloud, .. } = &*pipeline;
        cloud.seed().await;
        let file = File::new(cloud, 0, RECORDS);
        let key = cloud.key("employees", "killed.csv");
        let version = cloud.put(&key, file.content.clone()).await;
        let now = async || cloud.loads_of(&key).await.pop().unwrap_or_default();
        eventually("the first invocation has handed the load on", async || {
            now().await["attempts"].as_u64() >= Some(2)
        })
        .await;
        loop {
            let before = now().await["rows_loaded"].as_u64();
            eventually("the load gets on", async || now().await["rows_loaded"].as_u64() > before).await;
            assert!(pipeline.kill() > 0, "no process of the function runs");
            tokio::time::sleep(Duration::from_secs(3)).await;
            // A function between two invocations was simply started again.
            if !pipeline.has_process() {
                break;
            }
        }
        // An open transaction would end after three minutes.
        cloud.database.end_idle_transactions(2).await;
        let killed = now().await;
        assert!(!ended(&killed), "{killed}");
        let (from, to) = (cloud.ids.base, cloud.ids.end());
        assert_eq!(
            cloud.database.count("employees", from, to).await,
            killed["rows_loaded"].as_i64().unwrap()
        );
        // Its message is not lost but held, for a minute and a half. The test has not so much time
        // and sends it anew.
        assert_eq!(pipeline.waiting().await, HELD);
        pipeline.send_event(&key, &version, file.content.len()).await;
        let load = pipeline.ended(&key).await;
        file.check(&pipeline, &load).await;
        eventually("the queue holds nothing else", async || [HELD, NONE].contains(&pipeline.waiting().await))
            .await;
    })
    .await;
}

/// Counts the invocations whose log has this text about a load.
async fn logged(pipeline: &Pipeline, load: &str, text: &str) -> u64 {
    let says = |line: &String| line.contains(text) && line.contains(load);
    let invocations = pipeline.invocations().await;
    invocations.iter().filter(|lines| lines.iter().any(says)).count() as u64
}
