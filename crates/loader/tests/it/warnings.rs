//! Warnings of a load about a file, beside its figures.

use anyhow::Result;
use aurora::loads;
use domain::load::LoadStatus;
use rust_xlsxwriter::Workbook;
use testkit::local_data_api::{ErrorKind, Faults, Rule};

use crate::cloud::Cloud;

const NONE: [usize; 0] = [];

#[tokio::test]
async fn records_that_count_for_nothing_and_unknown_references_are_reported() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    cloud.options = loader::Options { lanes: 1, chunk_bytes: 1024, ..cloud.options };
    let header = "id,name,datetime,collection_id,tag_id\n";
    let rows = |from: u32| -> String {
        (from..from + 40).map(|id| format!("{id},Ada Lovelace,2021-07-27T16:02:08Z,1,1\n")).collect()
    };
    let file = format!("{header}{},,,,\n{header}{}\"\",,,,\n", rows(1), rows(101));
    let message = cloud.drop_file("incoming/documents/a.csv", file);
    // The chunks of a first invocation count as those of the last one do.
    let refuse = Rule::error(ErrorKind::AccessDeniedException).sql("INSERT INTO `documents`").after(1);
    cloud.test.data_api().set(Faults::default().with(refuse));
    assert_eq!(cloud.deliver(std::slice::from_ref(&message)).await?, [0]);
    cloud.test.data_api().clear();
    let running = cloud.newest().await?;
    assert_eq!((running.status, running.rows_skipped), (LoadStatus::Running, 0));
    assert!(running.warnings[0].ends_with(" references named no row when they were loaded"), "{running:?}");
    assert_eq!(cloud.deliver(&[message]).await?, NONE);
    let load = cloud.newest().await?;
    assert_eq!((load.status, load.rows_read, load.rows_skipped), (LoadStatus::Completed, 80, 3));
    assert_eq!(
        load.warnings,
        [
            "160 references named no row when they were loaded",
            "3 records were skipped: rows of empty fields, or the header again"
        ]
    );
    let load = cloud.load("incoming/tags/a.csv", "1,Clerk\n").await?;
    assert_eq!(load.warnings, [] as [&str; 0]);
    Ok(())
}

fn workbook(sheets: &[(&str, &[(u32, &str)])]) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    for (name, tags) in sheets {
        let sheet = book.add_worksheet().set_name(*name)?;
        for (row, (id, tag)) in (0..).zip(*tags) {
            sheet.write_number(row, 0, *id)?.write_string(row, 1, *tag)?;
        }
    }
    Ok(book.save_to_buffer()?)
}

#[tokio::test]
async fn sheets_that_are_left_out_are_reported_however_the_load_ends() -> Result<()> {
    let cloud = Cloud::start().await?;
    let good = |id| workbook(&[("Tags", &[(id, "Clerk")]), ("Notes", &[(7, "Spy")])]);
    for (key, status) in [
        ("incoming/tags/a.xlsx", LoadStatus::Completed),
        ("incoming/tags/upsert/b.xlsx", LoadStatus::Completed),
        ("incoming/tags/replace/c.xlsx", LoadStatus::Completed),
    ] {
        let load = cloud.load(key, good(1)?).await?;
        assert_eq!((load.status, load.warnings.len()), (status, 1), "{load:?}");
        assert!(load.warnings[0].contains("Notes"), "{:?}", load.warnings);
    }
    let bad = workbook(&[("Tags", &[(1, "")]), ("Notes", &[(7, "Spy")])])?;
    for key in ["incoming/tags/d.xlsx", "incoming/tags/replace/e.xlsx"] {
        let load = cloud.load(key, bad.clone()).await?;
        assert_eq!((load.status, load.warnings.len()), (LoadStatus::Failed, 1), "{load:?}");
    }
    let alone = cloud.load("incoming/tags/f.xlsx", workbook(&[("Tags", &[(9, "Clerk")])])?).await?;
    assert_eq!((alone.rows_loaded, alone.warnings.len()), (1, 0));
    assert_eq!(cloud.test.value("SELECT COUNT(*) FROM rowgate_loads WHERE warnings IS NULL").await?, "1");
    Ok(())
}

#[tokio::test]
async fn a_page_of_loads_has_room_for_their_warnings() -> Result<()> {
    let cloud = Cloud::start().await?;
    let load = cloud.load("incoming/tags/a.csv", "1,Clerk\n").await?;
    cloud.test.sql("UPDATE rowgate_loads SET status = 'running', finished_at = NULL").await?;
    let run = loads::Run { id: load.load, restarts: 0 };
    let many: Vec<String> = (0..100).map(|n| format!("the sheet {n} of \"many\" is not read")).collect();
    loads::note_warnings(&cloud.test.database(), &run, &many).await?;
    let noted = cloud.newest().await?.warnings;
    let characters: usize = noted.iter().map(|warning| warning.chars().count()).sum();
    assert!(characters < 1_050 && noted[0] == many[0], "{noted:?}");
    assert_eq!(noted.last().unwrap(), &format!("and {} more", 100 - (noted.len() - 1)));
    // A run that is over notes nothing.
    let over = loads::Run { restarts: 1, ..run };
    loads::note_warnings(&cloud.test.database(), &over, &many[..1]).await?;
    assert_eq!(cloud.newest().await?.warnings, noted);
    Ok(())
}
