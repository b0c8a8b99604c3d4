//! `rowgate lake run|query|tables|history`: the lake from outside, by its pipeline in Step
//! Functions, its queries in Athena, and the notes that its jobs leave on its tables.

mod athena;
mod history;
mod names;
mod pipeline;
mod progress;
mod query;
mod run;
mod sheet;
mod tables;

use crate::verb::verbs;

verbs! {
    Verbs {
        Run(run::Run),
        Query(query::Query),
        Tables(tables::Tables),
        History(history::History),
    }
}
