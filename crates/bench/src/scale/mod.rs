//! Many files at once: by a model, fed with what one load needs here; and for real, as many
//! loaders at once on one database.

mod model;

use anyhow::Result;

use self::model::{Call, Load};
use crate::load;
use crate::settings::Settings;
use crate::stats::grouped;
use crate::table::{Line, Table};

/// Aurora's capacity units, and the files at once.
const UNITS: [f64; 5] = [1.0, 4.0, 8.0, 16.0, 64.0];
const FILES: [usize; 4] = [1, 4, 16, 64];
/// The loader's default.
const LANES: usize = 3;
/// An assumption: a call of the Data API within a region. AWS documents no figure.
const TRAVEL: f64 = 0.010;
/// Calls of each lane that the model runs.
const CALLS: usize = 100;

/// Measures one load, and runs the model with it.
pub(crate) async fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    let needs = load::needs(settings).await?;
    let call = Call { loader: needs.loader, travel: TRAVEL, database: needs.database, rows: needs.rows };
    table.figure(
        "one call of a load: rows, processor time of the loader, of the database",
        format!("{:.0}, {:.2} ms, {:.2} ms", call.rows, call.loader * 1000.0, call.database * 1000.0),
    );
    for units in UNITS {
        for loads in FILES {
            let outcome = Load { loads, lanes: LANES, units }.run(call, CALLS);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a positive number of rows"
            )]
            let rows = grouped((outcome.rows_per_second / 1000.0).round() as u64 * 1000);
            let many = if loads == 1 { "" } else { "s" };
            table.add(Line {
                measure: format!(
                    "model: {loads} file{many} at once, {units} units: held up by {}; database busy {:.0} %, longest call {:.2} s",
                    outcome.bottleneck(),
                    outcome.database * 100.0,
                    outcome.slowest
                ),
                ours: format!("{rows}/s"),
                ..Line::default()
            });
        }
    }
    load::crowd(settings, table).await
}
