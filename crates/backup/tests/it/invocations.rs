//! A backup through several invocations.

use aurora::loads::{self, NewLoad, Run};
use aurora::restores::{self, Kind, NewRestore, TableFigures};
use backup::{BackupError, Done, Options, Status};
use domain::backup::RestoreId;
use domain::dictionary::LoadMode;
use domain::load::LoadId;

use crate::support::{World, dictionary, long, one_page};

const ALL: [&str; 3] = ["collections", "tags", "documents"];

/// Goes on, a page at a time, until the backup is complete; `between` is done before each further
/// invocation.
pub(crate) async fn finish(
    world: &World,
    mut done: Done,
    between: &[&str],
) -> Result<(Done, u32), BackupError> {
    let mut invocations = 1;
    while done.status == Status::Running {
        for sql in between {
            world.sql(sql).await;
        }
        let next = world.calls.take().expect("an invocation continues");
        done = world.backups().resume(&next, one_page()).await?;
        invocations += 1;
    }
    assert!(world.calls.take().is_none(), "a complete backup is not continued");
    Ok((done, invocations))
}

#[tokio::test]
async fn many_invocations_have_one_snapshot_and_the_content_of_one() {
    let mut world = World::with_rows(3000).await;
    world.options = Options { part_bytes: 10_000, ..Options::default() };
    let mut sums = Vec::new();
    for table in ALL {
        sums.push(world.sum(table).await.checksum());
    }
    let done = world.make(&ALL, one_page()).await.unwrap();
    assert_eq!(done.status, Status::Running);
    assert!(world.manifest(&done.backup).is_none());
    let time = world.state(&done.backup)["cursor"]["snapshot_time"].clone();
    let changes = [
        "DELETE FROM documents WHERE id % 7 = 0",
        "UPDATE tags SET tag_name = CONCAT(tag_name, '!')",
        "INSERT INTO collections SELECT MAX(id) + 1, 'new' FROM collections",
        "INSERT INTO documents SELECT MIN(id) - 1, 'n', '2021-01-01', 1, 1 FROM documents",
    ];
    let (done, invocations) = finish(&world, done, &changes).await.unwrap();
    assert!(invocations > 5, "{invocations}");
    let manifest = world.manifest(&done.backup).unwrap();
    world.check(&manifest);
    assert_eq!(manifest.snapshot_time, time);
    let of_backup: Vec<String> = manifest.tables.values().map(|table| table.checksum.clone()).collect();
    assert_eq!(of_backup, sums);
    assert_eq!(world.db.open_transactions(), 0);
}

#[tokio::test]
async fn a_duplicate_delivery_does_nothing() {
    let world = World::with_rows(3000).await;
    let done = world.make(&ALL, one_page()).await.unwrap();
    let first = world.calls.take().unwrap();
    let backups = world.backups();
    let (one, other) = tokio::join!(backups.resume(&first, one_page()), backups.resume(&first, one_page()));
    assert_eq!((one.unwrap().status, other.unwrap().status), (Status::Running, Status::Running));
    let next = world.calls.take().expect("one of them went on");
    assert!(world.calls.take().is_none(), "both went on");
    // Much later, another duplicate of the first.
    let files = world.files();
    backups.resume(&first, long()).await.unwrap();
    assert_eq!((world.files(), world.calls.take()), (files, None));
    let done = Done { backup: next.backup.clone(), ..done };
    assert_eq!(backups.resume(&next, long()).await.unwrap().status, Status::Completed);
    world.check(&world.manifest(&done.backup).unwrap());
    let late = backups.resume(&next, long()).await.unwrap();
    assert_eq!(late.status, Status::Completed);
}

const SWAP: [&str; 4] = [
    "CREATE TABLE other LIKE documents",
    "INSERT INTO other SELECT id, CONCAT(name, '+'), datetime, collection_id, tag_id FROM documents",
    "RENAME TABLE documents TO former, other TO documents",
    "DROP TABLE former",
];

#[tokio::test]
async fn a_table_that_is_swapped_meanwhile_makes_the_backup_begin_anew() {
    let world = World::with_rows(3000).await;
    let done = world.make(&["documents"], one_page()).await.unwrap();
    let first = world.state(&done.backup)["cursor"]["snapshot_time"].clone();
    assert_eq!(world.files().len(), 1);
    for sql in SWAP {
        world.sql(sql).await;
    }
    let (done, _) = finish(&world, done, &[]).await.unwrap();
    let manifest = world.manifest(&done.backup).unwrap();
    // Also: the file of the lost snapshot is gone.
    world.check(&manifest);
    assert_ne!(manifest.snapshot_time, first);
    let table = &manifest.tables["documents"];
    assert_eq!(table.checksum, world.sum("documents").await.checksum());
    assert!(!table.files.iter().any(|file| file.key.ends_with("part-00000.avro")), "no name is used twice");
    assert_eq!(world.state(&done.backup)["snapshots"], 2);
    assert_eq!(world.db.open_transactions(), 0);
}

/// A load that replaces documents, whose shadow is half filled.
struct Replace {
    run: Run,
    shadow: String,
}

impl Replace {
    /// Begins it: fills the rows with odd ids.
    async fn begin(world: &World) -> Self {
        let db = world.db.database();
        let key = "incoming/documents/replace/a.csv";
        let id = LoadId::of_object("data", key, "v1");
        let load = NewLoad {
            id: &id,
            bucket: "data",
            key,
            version: "v1",
            etag: None,
            table: "documents",
            mode: LoadMode::Replace,
            format: Some("csv"),
            bytes: 7,
            chunk_bytes: 16,
            parent: None,
        };
        let begun = loads::begin(&db, load).await.unwrap();
        let documents = dictionary().table("documents").unwrap();
        let prepared = loads::prepare(&db, &begun.run, documents).await.unwrap();
        let Some((run, shadow)) = prepared else { panic!("the load has ended") };
        let replace = Self { run, shadow: shadow.name().to_owned() };
        replace.fill(world, 1).await;
        replace
    }

    async fn fill(&self, world: &World, rest: u32) {
        let shadow = &self.shadow;
        let insert = format!(
            "INSERT INTO `{shadow}` SELECT id, CONCAT(name, '+'), datetime, collection_id, tag_id FROM documents \
             WHERE id % 2 = {rest}"
        );
        world.sql(&insert).await;
    }

    /// Fills the rest, and swaps.
    async fn end(&self, world: &World) {
        self.fill(world, 0).await;
        let documents = dictionary().table("documents").unwrap();
        loads::swap(&world.db.database(), &self.run, documents, &"0".repeat(64)).await.unwrap();
    }
}

/// Continues a backup whose first page is read, and whose table has been swapped since: its
/// snapshot is taken after that.
async fn finish_after_swap(world: &World, done: Done) {
    let (done, _) = finish(world, done, &[]).await.unwrap();
    let manifest = world.manifest(&done.backup).unwrap();
    world.check(&manifest);
    for (name, table) in &manifest.tables {
        assert_eq!(table.checksum, world.sum(name).await.checksum(), "{name}");
    }
    assert_eq!(world.state(&done.backup)["snapshots"], 2);
    assert_eq!(world.db.open_transactions(), 0);
}

#[tokio::test]
async fn a_shadow_that_was_half_filled_in_the_snapshot_is_never_backed_up() {
    let world = World::with_rows(3000).await;
    let replace = Replace::begin(&world).await;
    let done = world.make(&ALL, one_page()).await.unwrap();
    replace.end(&world).await;
    finish_after_swap(&world, done).await;
}

#[tokio::test]
async fn a_restore_that_is_undone_between_two_pages_gives_one_content() {
    let world = World::with_rows(3000).await;
    let db = world.db.database();
    let documents = dictionary().table("documents").unwrap();
    let (first, back) = (RestoreId::new(1_795_226_400, 1), RestoreId::new(1_795_226_400, 2));
    let tables = &[documents];
    let restore = |id, kind, source| {
        let mode = restores::Mode::Replace;
        restores::begin(&db, NewRestore { id, kind, source, mode, strict: false, tables })
    };
    restore(&first, Kind::Backup, "20261121-010000-00000001").await.unwrap();
    let prepared = restores::prepare(&db, &first, documents).await.unwrap();
    let restores::Prepared::Fill { shadow } = prepared else { panic!("{prepared:?}") };
    let fill = "SELECT id, CONCAT(name, '+'), datetime, collection_id, tag_id FROM documents";
    world.sql(&format!("INSERT INTO `{}` {fill}", shadow.name())).await;
    let figures = TableFigures { rows_read: 0, rows_restored: 0, rows_rejected: 0, checksum: "0".repeat(16) };
    restores::record_filled(&db, &first, "documents", &shadow, &figures).await.unwrap();
    restores::swap(&db, &first).await.unwrap();

    let done = world.make(&["documents"], one_page()).await.unwrap();
    restore(&back, Kind::Undo, first.as_str()).await.unwrap();
    restores::undo(&db, &back).await.unwrap();
    finish_after_swap(&world, done).await;
}

#[tokio::test]
async fn a_backup_beside_a_swap_is_of_before_it_or_of_after_it() {
    let world = World::with_rows(3000).await;
    let before = world.sum("documents").await.checksum();
    let replace = Replace::begin(&world).await;
    let (made, ()) = tokio::join!(world.make(&ALL, long()), replace.end(&world));
    let manifest = world.manifest(&made.unwrap().backup).unwrap();
    world.check(&manifest);
    let found = &manifest.tables["documents"].checksum;
    assert!([before, world.sum("documents").await.checksum()].contains(found), "{found}");
}

#[tokio::test]
async fn an_altered_table_makes_the_backup_begin_anew_with_its_new_columns() {
    let world = World::with_rows(3000).await;
    let done = world.make(&["documents"], one_page()).await.unwrap();
    world.sql("ALTER TABLE documents MODIFY name VARCHAR(255) NULL").await;
    let (done, _) = finish(&world, done, &[]).await.unwrap();
    let manifest = world.manifest(&done.backup).unwrap();
    assert_eq!(manifest.tables["documents"].checksum, world.sum("documents").await.checksum());
    assert_eq!(world.state(&done.backup)["snapshots"], 2);
}

#[tokio::test]
async fn a_snapshot_that_is_lost_again_and_again_fails_the_backup() {
    let world = World::with_rows(3000).await;
    let done = world.make(&["documents"], one_page()).await.unwrap();
    let backup = done.backup.clone();
    let error = finish(&world, done, &SWAP).await.unwrap_err();
    assert!(matches!(error, BackupError::Lost { times: 4 }), "{error}");
    let state = world.state(&backup);
    assert_eq!(state["status"], "failed");
    assert!(state["error"].as_str().unwrap().contains("replaced or altered"), "{state}");
    assert_eq!((world.manifest(&backup), world.files()), (None, vec![]));
}

#[tokio::test]
async fn a_lost_transaction_makes_the_backup_begin_anew() {
    let world = World::with_rows(3000).await;
    let done = world.make(&ALL, one_page()).await.unwrap();
    // As the service does after three idle minutes.
    let transaction = world.state(&done.backup)["cursor"]["transaction"].as_str().unwrap().to_owned();
    let target = world.db.target();
    let request = world.db.client().rollback_transaction().transaction_id(transaction);
    request.resource_arn(target.cluster_arn).secret_arn(target.secret_arn).send().await.unwrap();
    let (done, _) = finish(&world, done, &[]).await.unwrap();
    world.check(&world.manifest(&done.backup).unwrap());
    assert_eq!(world.state(&done.backup)["snapshots"], 2);
}

#[tokio::test]
async fn a_snapshot_that_is_lost_as_it_is_taken_counts_as_lost() {
    use testkit::local_data_api::{ErrorKind, Faults, Rule};
    let world = World::with_rows(20).await;
    let lost = |times| {
        let rule = Rule::error(ErrorKind::TransactionNotFoundException).sql("rowgate_table_fences");
        Faults::default().with(rule.times(times))
    };
    world.db.data_api().set(lost(2));
    let done = world.make(&ALL, long()).await.unwrap();
    world.check(&world.manifest(&done.backup).unwrap());
    assert_eq!(world.state(&done.backup)["snapshots"], 3);
    world.db.data_api().set(lost(100));
    let error = world.make(&ALL, long()).await.unwrap_err();
    assert!(matches!(error, BackupError::Lost { times: 4 }), "{error}");
}
