//! Files that were in a bucket before anyone told the queue of them: found, and queued to be loaded like any other.
//!
//! Nothing is loaded twice: what the ledger knows is passed over, and a load's id is that of the object's version,
//! however its message came to be. So a backfill may be repeated, at the same time even. Loads that were given up are
//! queued once more, and go on where they stopped.

use std::time::Duration;

use aurora::{Database, Deadline, loads};
use domain::dictionary::{Dictionary, LoadMode};
use domain::load::{INCOMING, Incoming, KeyError, LoadId};
use serde::{Deserialize, Serialize};

use crate::event::{ObjectCreated, Told};
use crate::listing::{List, Listed};
use crate::queue::{Queue, QueueError};
use crate::store::StoreError;

/// How long one call works: the AWS CLI gives up on an answer after 60 seconds, and a page begun is finished.
const WORK_TIME: Duration = Duration::from_secs(30);

/// Ignored files that an answer names at most, with keys of up to a kilobyte and a reason each.
const MAX_IGNORED: usize = 100;

/// Classes of storage whose objects have to be restored before they can be read.
const ARCHIVES: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];

/// What is to be loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backfill {
    /// What the keys begin with.
    pub prefix: String,
    /// The bucket; the data bucket unless given.
    pub bucket: Option<String>,
    /// The table of all the files, whatever their keys say.
    pub table: Option<String>,
    /// What to do with ids that are taken, whatever the keys say; `replace` is refused.
    pub mode: Option<String>,
    /// The key to go on after: `next` of the answer before.
    pub after: Option<String>,
    /// Whether to only count.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a call did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backfilled {
    /// Files queued; of a dry run, those that would be.
    pub queued: u64,
    /// Files passed over because the ledger has them, whether their loads completed or failed.
    pub known: u64,
    /// Files that cannot be loaded, each with the reason; at most [`MAX_IGNORED`].
    pub ignored: Vec<String>,
    /// How many those are in all.
    pub ignored_count: u64,
    /// The key after which the next call goes on; `None` when all is done.
    pub next: Option<String>,
}

/// Why a backfill stops. What was queued before stays queued.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The table or mode asked for does not exist.
    #[error(transparent)]
    Told(#[from] KeyError),
    /// Files that replace a table, in no order.
    #[error("a backfill cannot replace a table: of several files only the one loaded last would stay")]
    Replace,
    /// A part of the data bucket that is none of the files to load.
    #[error("the data bucket holds files to load under {INCOMING} alone; the prefix must begin with that")]
    Prefix,
    /// S3.
    #[error("the bucket {bucket} cannot be listed (is it one of readBuckets?)")]
    Store {
        /// The bucket.
        bucket: String,
        /// What S3 said.
        source: StoreError,
    },
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The database.
    #[error(transparent)]
    Database(#[from] aurora::Error),
}

/// What a backfill works with.
#[derive(Debug, Clone, Copy)]
pub struct Backfiller<'a, L, Q> {
    /// Where the ledger is.
    pub database: &'a Database,
    /// What keys and requests are read by.
    pub dictionary: &'a Dictionary,
    /// The data bucket.
    pub bucket: &'a str,
    /// Where objects are.
    pub store: &'a L,
    /// Where messages go.
    pub queue: &'a Q,
}

/// An object that can be loaded.
struct Found<'a> {
    object: &'a Listed,
    incoming: Incoming<'a>,
    id: LoadId,
}

impl<L: List, Q: Queue> Backfiller<'_, L, Q> {
    /// Queues what lies under a prefix and was never loaded, for half a minute or until shortly before `deadline`.
    ///
    /// # Errors
    /// [`BackfillError`]; called again with the same request, it goes on.
    pub async fn run(&self, request: &Backfill, deadline: Deadline) -> Result<Backfilled, BackfillError> {
        self.check(request)?;
        let bucket = request.bucket.as_deref().unwrap_or(self.bucket);
        // A page takes a few seconds, and some more while the database resumes.
        let until = Deadline::after(WORK_TIME.min(deadline.remaining() / 2));
        let mut done = Backfilled { next: request.after.clone(), ..Backfilled::default() };
        loop {
            let page = self.store.list(bucket, &request.prefix, done.next.as_deref()).await;
            let page = page.map_err(|source| BackfillError::Store { bucket: bucket.to_owned(), source })?;
            let mut found = Vec::with_capacity(page.objects.len());
            for object in &page.objects {
                match self.judge(request, bucket, object) {
                    Ok(object) => found.push(object),
                    Err(reason) => {
                        done.ignored_count += 1;
                        if done.ignored.len() < MAX_IGNORED {
                            done.ignored.push(format!("{}: {reason}", object.key));
                        }
                    }
                }
            }
            let listed = found.len();
            self.pass_over_known(bucket, &mut found).await?;
            if !request.dry_run {
                let bodies: Vec<String> =
                    found.iter().map(|found| created(request, bucket, found).message()).collect();
                self.queue.send_all(&bodies).await?;
            }
            done.queued += found.len() as u64;
            done.known += (listed - found.len()) as u64;
            done.next = page.next;
            if done.next.is_none() || until.is_over() {
                return Ok(done);
            }
        }
    }

    /// Refuses what no file could be loaded by, before anything is listed.
    fn check(&self, request: &Backfill) -> Result<(), BackfillError> {
        let is_data_bucket = request.bucket.as_deref().is_none_or(|bucket| bucket == self.bucket);
        if is_data_bucket && !request.prefix.starts_with(INCOMING) {
            return Err(BackfillError::Prefix);
        }
        if let Some(mode) = &request.mode {
            match LoadMode::from_name(mode) {
                None => return Err(KeyError::UnknownMode(mode.clone()).into()),
                Some(LoadMode::Replace) => return Err(BackfillError::Replace),
                Some(_) => {}
            }
        }
        if let Some(table) = &request.table {
            Incoming::as_told(self.dictionary, "any.csv", table, request.mode.as_deref())?;
        }
        Ok(())
    }

    /// Whether an object can be loaded, and if not, why.
    fn judge<'o>(
        &'o self,
        request: &Backfill,
        bucket: &str,
        object: &'o Listed,
    ) -> Result<Found<'o>, String> {
        let read =
            |table: &str| Incoming::as_told(self.dictionary, &object.key, table, request.mode.as_deref());
        let incoming = match (&request.table, &request.mode) {
            (Some(table), _) => read(table),
            (None, None) => Incoming::from_key(self.dictionary, &object.key),
            (None, Some(_)) => {
                Incoming::from_key(self.dictionary, &object.key).and_then(|named| read(named.table.name()))
            }
        };
        let incoming = incoming.map_err(|error| error.to_string())?;
        if incoming.mode == LoadMode::Replace {
            return Err("it would replace the table; drop it again if that is meant".to_owned());
        }
        if let Some(class) = object.storage_class.as_deref().filter(|class| ARCHIVES.contains(class)) {
            return Err(format!("it is archived ({class}); restore a copy of it and load that"));
        }
        Ok(Found { object, incoming, id: LoadId::of_object(bucket, &object.key, identity(object)) })
    }

    /// Leaves those that the ledger does not have.
    async fn pass_over_known(&self, bucket: &str, found: &mut Vec<Found<'_>>) -> Result<(), BackfillError> {
        let ids: Vec<LoadId> = found.iter().map(|found| found.id.clone()).collect();
        let known = loads::known_loads(self.database, &ids).await?;
        found.retain(|found| !known.contains(&found.id));
        // Without versions, the events of S3 and the listing have only the content's tag in common.
        let unversioned: Vec<(&str, &str)> = found
            .iter()
            .filter(|found| found.object.version.is_none())
            .map(|found| (&*found.object.key, &*found.object.etag))
            .collect();
        let known = loads::known_contents(self.database, bucket, &unversioned).await?;
        found.retain(|Found { object, .. }| {
            object.version.is_some() || !known.contains(&(object.key.clone(), object.etag.clone()))
        });
        Ok(())
    }
}

/// What tells this version of the object from every other, as far as a listing says.
fn identity(object: &Listed) -> &str {
    object.version.as_deref().unwrap_or(&object.etag)
}

/// What S3 would have told of the object, and what the request tells of its table and mode.
fn created(request: &Backfill, bucket: &str, found: &Found<'_>) -> ObjectCreated {
    let Found { object, incoming, .. } = found;
    let told = request.table.is_some() || request.mode.is_some();
    ObjectCreated {
        bucket: bucket.to_owned(),
        key: object.key.clone(),
        version: object.version.clone(),
        identity: identity(object).to_owned(),
        etag: Some(object.etag.clone()),
        size: object.size,
        told: told.then(|| Told {
            table: incoming.table.name().to_owned(),
            mode: Some(incoming.mode.as_str().to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::objects_created;

    fn listed(key: &str, version: Option<&str>) -> Listed {
        Listed {
            key: key.to_owned(),
            version: version.map(str::to_owned),
            etag: "9a0364b9e99bb480dd25e1f0284c8555".to_owned(),
            size: 7,
            storage_class: Some("STANDARD".to_owned()),
        }
    }

    fn found<'a>(object: &'a Listed, incoming: Incoming<'a>) -> Found<'a> {
        let id = LoadId::of_object("old", &object.key, identity(object));
        Found { object, incoming, id }
    }

    #[test]
    fn a_message_names_the_load_that_was_looked_up() {
        let dictionary = domain::shipped::dictionary().unwrap();
        for version in [Some("v1"), None] {
            let object = listed("2021/a b+c%é&.csv", version);
            let incoming = Incoming::as_told(dictionary, &object.key, "jobs", Some("upsert")).unwrap();
            let found = found(&object, incoming);
            let request = Backfill { table: Some("jobs".to_owned()), ..Backfill::default() };
            let created = objects_created(&created(&request, "old", &found).message()).unwrap();
            let [created] = &created[..] else { panic!("{created:?}") };
            assert_eq!((&*created.bucket, &*created.key, created.size), ("old", &*object.key, 7));
            assert_eq!(created.version.as_deref(), version);
            assert_eq!(LoadId::of_object(&created.bucket, &created.key, &created.identity), found.id);
        }
    }

    #[test]
    fn a_message_tells_table_and_mode_only_where_the_request_does() {
        let dictionary = domain::shipped::dictionary().unwrap();
        let object = listed("incoming/jobs/x.csv", Some("v1"));
        let found = found(&object, Incoming::from_key(dictionary, &object.key).unwrap());
        assert_eq!(created(&Backfill::default(), "old", &found).told, None);
        let told = |table: Option<&str>, mode: Option<&str>| {
            let request = Backfill {
                table: table.map(str::to_owned),
                mode: mode.map(str::to_owned),
                ..Backfill::default()
            };
            created(&request, "old", &found).told.unwrap()
        };
        let append = Told { table: "jobs".to_owned(), mode: Some("append".to_owned()) };
        assert_eq!(told(Some("jobs"), None), append);
        assert_eq!(told(None, Some("append")), append);
    }

    #[test]
    fn refuses_a_request_with_a_member_it_does_not_know() {
        assert!(serde_json::from_str::<Backfill>(r#"{"prefix": "incoming/"}"#).is_ok());
        assert!(serde_json::from_str::<Backfill>(r#"{"prefix": "incoming/", "dryrun": true}"#).is_err());
        assert!(serde_json::from_str::<Backfill>("{}").is_err());
    }
}
