//! The tables of the folder that the cloud was started with, whichever they are: every row that the
//! sample of that folder has goes in by each way, comes back, and survives a restore.
//!
//! `ROWGATE_SQL` names the folder. `make test` runs these on a cloud of each folder in the
//! repository; nothing here knows a table.

mod backups;
mod files;
mod filled;
mod reports;
mod rows;

use std::collections::BTreeSet;
use std::env;
use std::path::PathBuf;

use domain::dictionary::Table;
use domain::folder::TableFolder;
use domain::json_row::write_json_row;
use domain::key_text::key_text;
use domain::value::Value as RowValue;
use sample::Sample;
use serde_json::Value;

use crate::support::Cloud;

/// Rows of the largest table.
const ROWS: u64 = 60;

/// Reads the folder of the cloud.
fn folder() -> TableFolder {
    let path = PathBuf::from(env::var_os("ROWGATE_SQL").expect("ROWGATE_SQL is set by the cloud's env"));
    table_folder::read(&path).unwrap()
}

/// A row of the sample.
struct SampleRow {
    values: Vec<RowValue<'static>>,
    /// As the API has it.
    json: Value,
    /// The path of the row.
    path: String,
}

/// Returns the sample's rows of each table, each table after those that it refers to.
fn sample_rows(folder: &TableFolder) -> Vec<(&Table, Vec<SampleRow>)> {
    let sample = Sample::new(folder, ROWS);
    let tables = sample.tables().map(|of_table| {
        let table = of_table.table();
        let rows = (0..of_table.rows()).map(|number| sample_row(table, of_table.row(number)));
        (table, rows.collect())
    });
    tables.collect()
}

fn sample_row(table: &Table, values: Vec<RowValue<'static>>) -> SampleRow {
    let mut text = String::new();
    write_json_row(table, &values, &mut text);
    let key = table.key_of(&values).unwrap();
    let path = format!("/tables/{}/rows/{}", table.name(), key_text(&key));
    SampleRow { values, json: serde_json::from_str(&text).unwrap(), path }
}

/// Returns all rows of a table as the database has them, in any order.
async fn content_of(cloud: &Cloud, table: &Table) -> BTreeSet<Vec<String>> {
    let rows = cloud.database.rows(&format!("SELECT * FROM `{}`", table.name())).await;
    rows.into_iter().collect()
}

/// Returns true if a table refers to this one, which another one may do by itself.
fn is_referred(folder: &TableFolder, table: &Table) -> bool {
    let tables = folder.dictionary.visible_tables();
    tables.flat_map(Table::references).any(|reference| reference.table() == table.name())
}

/// Empties the tables and forgets their loads: the same bytes would not be loaded again.
async fn empty(cloud: &Cloud, tables: &[(&Table, Vec<SampleRow>)]) {
    let run = async |sql: String| cloud.database.rows(&sql).await;
    for (table, _) in tables.iter().rev() {
        let name = table.name();
        run(format!("DELETE FROM `{name}`")).await;
        let loads = format!("SELECT load_id FROM rowgate_loads WHERE table_name = '{name}'");
        run(format!("DELETE FROM rowgate_load_chunks WHERE load_id IN ({loads})")).await;
        run(format!("DELETE FROM rowgate_loads WHERE table_name = '{name}'")).await;
    }
}

/// One story, because each step needs what the one before it left. Nothing else may write to the
/// tables meanwhile; what they hold is removed first.
#[tokio::test]
async fn rows_of_every_table_go_in_come_back_and_survive_a_restore() {
    let (cloud, folder) = (Cloud::connect().await, folder());
    let tables = sample_rows(&folder);
    empty(&cloud, &tables).await;
    filled::has_every_row(&cloud, &folder).await;
    empty(&cloud, &tables).await;
    rows::go_in_and_come_back(&cloud, &tables).await;
    rows::are_refused_for_what_they_break(&cloud, &tables).await;
    rows::are_paged_through(&cloud, &tables).await;
    files::say_which_rows_are_there(&cloud, &tables).await;
    files::change_rows_and_replace_tables(&cloud, &folder, &tables).await;
    backups::bring_rows_back(&cloud, &folder, &tables).await;
    rows::are_deleted(&cloud, &folder, &tables).await;
}
