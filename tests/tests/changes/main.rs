//! Changes of tables, as `docs/dictionary.md` describes them: a change of the folder and a
//! deployment. Each has loads, backups and restores from before and after it, by the functions' own
//! programs; no cloud is needed.

mod deployment;

use anyhow::Result;

use crate::deployment::{Deployment, Rows};

/// The dictionary of a table whose columns after the key are these.
fn things(columns: &str) -> String {
    table(r#"name = "things""#, columns)
}

fn table(name: &str, columns: &str) -> String {
    format!(
        "[[table]]\n{name}\ndescription = \"Things.\"\ncolumns = [\n\
         {{ name = \"id\", type = \"integer\", key = true, description = \"The key.\" }},\n{columns}\n]\n"
    )
}

const LABEL: &str = r#"{ name = "label", type = "string(5)", description = "The label." },"#;

/// Deploys a table of an id and a label, and loads a row.
async fn start() -> Result<Deployment> {
    let create = "CREATE TABLE things (id INT PRIMARY KEY, label VARCHAR(5) NOT NULL) DEFAULT CHARACTER SET = utf8mb4;";
    let deployment = Deployment::start(&things(LABEL), create).await?;
    assert_eq!(deployment.load("things", "before.csv", "id,label\n1,one\n").await?, "completed 1 0");
    Ok(deployment)
}

fn rows(rows: &[&[&str]]) -> Rows {
    rows.iter().map(|row| row.iter().map(|cell| Some((*cell).to_owned())).collect()).collect()
}

#[tokio::test]
async fn a_column_is_added_with_a_default_for_what_is_there() -> Result<()> {
    let deployment = start().await?;
    let before = deployment.back_up().await?;
    let stock = r#"{ name = "stock", type = "integer", default = 7, description = "The stock." },"#;
    let sql = "ALTER TABLE things ADD COLUMN stock INT NOT NULL DEFAULT 7;";
    deployment.change(&things(&format!("{LABEL}\n{stock}")), "20260102_add_stock", sql).await?;
    assert_eq!(deployment.rows("things").await?, rows(&[&["1", "one", "7"]]));
    let loaded = deployment.load("things", "after.csv", "id,label,stock\n2,two,20\n").await?;
    assert_eq!(loaded, "completed 1 0");
    let after = deployment.back_up().await?;
    assert_eq!(deployment.restore(&before, "things").await?, rows(&[&["1", "one", "7"]]));
    let both = rows(&[&["1", "one", "7"], &["2", "two", "20"]]);
    assert_eq!(deployment.restore(&after, "things").await?, both);
    Ok(())
}

#[tokio::test]
async fn a_column_is_widened() -> Result<()> {
    let deployment = start().await?;
    let before = deployment.back_up().await?;
    let too_long = deployment.load("things", "early.csv", "id,label\n2,a longer one\n3,three\n").await?;
    assert_eq!(too_long, "completed 1 1");
    let sql = "ALTER TABLE things MODIFY label VARCHAR(50) NOT NULL;";
    deployment.change(&things(&LABEL.replace("(5)", "(50)")), "20260102_widen_labels", sql).await?;
    assert_eq!(deployment.load("things", "late.csv", "id,label\n2,a longer one\n").await?, "completed 1 0");
    let after = deployment.back_up().await?;
    assert_eq!(deployment.restore(&before, "things").await?, rows(&[&["1", "one"]]));
    let all = rows(&[&["1", "one"], &["2", "a longer one"], &["3", "three"]]);
    assert_eq!(deployment.restore(&after, "things").await?, all);
    Ok(())
}

#[tokio::test]
async fn a_column_and_then_its_table_are_renamed_and_answer_to_both_names() -> Result<()> {
    let deployment = start().await?;
    let before = deployment.back_up().await?;
    let title = LABEL.replace(r#"name = "label""#, r#"name = "title", aliases = ["label"]"#);
    let sql = "ALTER TABLE things RENAME COLUMN label TO title;";
    deployment.change(&things(&title), "20260102_rename_labels", sql).await?;
    assert_eq!(deployment.load("things", "old.csv", "id,label\n2,two\n").await?, "completed 1 0");
    let between = deployment.back_up().await?;
    let items = table(
        r#"name = "items"
aliases = ["things"]"#,
        &title,
    );
    deployment.change(&items, "20260103_rename_things", "RENAME TABLE things TO items;").await?;
    assert_eq!(deployment.load("things", "older.csv", "id,label\n3,three\n").await?, "completed 1 0");
    assert_eq!(deployment.load("items", "new.csv", "id,title\n4,four\n").await?, "completed 1 0");
    let after = deployment.back_up().await?;
    assert_eq!(deployment.restore(&before, "items").await?, rows(&[&["1", "one"]]));
    assert_eq!(deployment.restore(&between, "items").await?, rows(&[&["1", "one"], &["2", "two"]]));
    assert_eq!(deployment.restore(&after, "items").await?.len(), 4);
    Ok(())
}

#[tokio::test]
async fn a_column_is_dropped_in_two_steps() -> Result<()> {
    let stock = r#"{ name = "stock", type = "integer", description = "The stock." },"#;
    let create = "CREATE TABLE things (id INT PRIMARY KEY, label VARCHAR(5) NOT NULL, stock INT NOT NULL);";
    let deployment = Deployment::start(&things(&format!("{LABEL}\n{stock}")), create).await?;
    let loaded = deployment.load("things", "before.csv", "id,label,stock\n1,one,10\n").await?;
    assert_eq!(loaded, "completed 1 0");
    let before = deployment.back_up().await?;

    // First nobody needs to bring it any more, and then it goes.
    let optional = stock.replace("\"integer\"", "\"integer\", required = false");
    let sql = "ALTER TABLE things MODIFY stock INT NULL;";
    deployment.change(&things(&format!("{LABEL}\n{optional}")), "20260102_relax_stock", sql).await?;
    assert_eq!(deployment.load("things", "between.csv", "id,label\n2,two\n").await?, "completed 1 0");
    assert_eq!(deployment.restore(&before, "things").await?, rows(&[&["1", "one", "10"]]));
    let sql = "ALTER TABLE things DROP COLUMN stock;";
    deployment.change(&things(LABEL), "20260103_drop_stock", sql).await?;
    assert_eq!(deployment.load("things", "after.csv", "id,label\n3,three\n").await?, "completed 1 0");

    let after = deployment.back_up().await?;
    let refusal = deployment.refusal(&before).await?;
    assert!(refusal.contains("stock"), "{refusal}");
    let left = rows(&[&["1", "one"], &["3", "three"]]);
    assert_eq!(deployment.rows("things").await?, left);
    assert_eq!(deployment.restore(&after, "things").await?, left);
    let without = deployment.restore_without("stock", &before, "things").await?;
    assert_eq!(without, rows(&[&["1", "one"]]));
    Ok(())
}
