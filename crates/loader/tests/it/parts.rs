//! Rows that go into the database as parts.

use domain::load::{LoadPath, LoadStatus};
use testkit::local_data_api::{ErrorKind, Faults, Rule};

use crate::support::{World, figures, tags};

/// Texts with everything that `LOAD DATA` gives a meaning to.
const TEXTS: [&str; 7] = ["\\N", "a\tb", "a\\", "it's \"so\"", "\u{1a}%_", "Łoś 😀", "\\t\\n"];

/// Data in which everything of the text stands in quotes.
fn file() -> String {
    let line = |(id, text): (usize, &str)| format!("{id},\"{}\"\n", text.replace('"', "\"\""));
    (1..).zip(TEXTS).map(line).collect()
}

/// Refuses every statement that inserts rows of tags: only parts get them in.
fn no_inserts() -> Faults {
    Faults::default().with(Rule::error(ErrorKind::AccessDeniedException).sql("INSERT INTO `tags`"))
}

#[tokio::test]
async fn rows_are_in_as_the_file_has_them_and_no_part_is_left() {
    let world = World::by_parts().await;
    world.db.data_api().set(no_inserts());
    let record = world.drop_file("incoming/tags/a.csv", file() + "9,\n").await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (8, 7, 1)), "{record:?}");
    let names = world.db.sql("SELECT tag_name FROM tags ORDER BY id").await.unwrap();
    let names: Vec<String> = names.into_iter().flatten().flatten().collect();
    assert_eq!(names, TEXTS);
    assert_eq!(world.parts(), [""; 0]);
}

#[tokio::test]
async fn a_replace_takes_parts_and_an_upsert_takes_statements() {
    let world = World::by_parts().await;
    world.db.sql("INSERT INTO tags VALUES (1, 'Old'), (70000, 'Gone')").await.unwrap();
    let record = world.drop_file("incoming/tags/replace/a.csv", tags(1..=9_000)).await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (9_000, 9_000, 0)), "{record:?}");
    world
        .db
        .data_api()
        .set(Faults::default().with(Rule::error(ErrorKind::AccessDeniedException).sql("LOAD DATA FROM S3")));
    let record = world.drop_file("incoming/tags/upsert/b.csv", "1,New\n9001,Another\n").await;
    assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (2, 2, 0)), "{record:?}");
    assert_eq!(world.count("tags").await, 9_001);
    assert_eq!(world.db.value("SELECT tag_name FROM tags WHERE id = 1").await.unwrap(), "New");
    assert_eq!(world.parts(), [""; 0]);
}

#[tokio::test]
async fn a_database_that_refuses_parts_gets_statements() {
    // It may not, it takes too long, it refuses, the service fails each time.
    for fault in [
        None,
        Some(ErrorKind::StatementTimeoutException),
        Some(ErrorKind::DatabaseErrorException),
        Some(ErrorKind::InternalServerErrorException),
        Some(ErrorKind::DatabaseUnavailableException),
    ] {
        let mut world = World::start().await;
        world.options.path = LoadPath::S3;
        if let Some(kind) = fault {
            world.db.let_load_from_s3().await.unwrap();
            world.db.data_api().set(Faults::default().with(Rule::error(kind).sql("LOAD DATA FROM S3")));
        }
        let record = world.drop_file("incoming/tags/a.csv", tags(1..=15_000)).await;
        assert_eq!((record.status, figures(&record)), (LoadStatus::Completed, (15_000, 15_000, 0)));
        assert_eq!(world.count("tags").await, 15_000, "{fault:?}");
        assert_eq!(world.db.open_transactions(), 0);
    }
}
