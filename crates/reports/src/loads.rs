//! `GET /loads` and `GET /loads/{id}`: the loads ledger.

use std::time::SystemTime;

use aurora::loads;
use axum::response::Response;
use domain::dictionary::{Dictionary, Table};
use domain::load::{LoadId, LoadRecord, LoadStatus, RejectsFile, RejectsPage};
use domain::page;
use domain::parameter::{Parameter, ParameterType};
use domain::problem::{Problem, ProblemKind};
use lambda_kit::caller::Caller;
use lambda_kit::http::{InTime, PathText};
use lambda_kit::payload;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query::Query;
use serde::Serialize;
use serde_json::json;

use crate::accept::AsJson;
use crate::links::{LinkError, Links};
use crate::service::{Service, database_problem};

/// Links to rejects files in one answer at most. A link takes some 2.5 KB, most of it the session's
/// token: 2.5 MB of the 6 MB that an answer can have.
const MAX_LINKS: u32 = 1000;
/// Characters of an object's key at most; S3 has the limit in bytes.
const MAX_KEY: usize = 1024;

/// Answers with loads of the tables that the caller sees, newest first.
pub(crate) async fn list(
    _: AsJson,
    InTime(service): InTime<Service>,
    caller: Caller,
    query: Query,
) -> Result<Response, ProblemResponse> {
    let filter = Filter::read(service.dictionary, &query)?;
    filter.table.as_deref().map_or(Ok(()), |table| caller.require(table))?;
    let seen = VisibleTables::new(service.dictionary, &caller);
    let wanted = loads::LoadFilter {
        tables: filter.table.as_deref().map_or_else(|| seen.filter(), loads::TableFilter::Table),
        status: filter.status,
        key: filter.key.as_deref(),
    };
    let mut limit = filter.limit;
    let page = loop {
        match loads::find(&service.database, wanted, limit, filter.after.as_ref()).await {
            // With long keys and errors, a thousand loads may exceed the 1 MiB of the Data API.
            Err(aurora::Error::TooLarge { .. }) if limit > 1 => limit /= 2,
            page => break page.map_err(|error| database_problem(&error))?,
        }
    };
    answer(&json!({ "loads": page.loads, "next": page.next }))
}

fn answer(body: &impl Serialize) -> Result<Response, ProblemResponse> {
    Ok(payload::json(body, "This page of loads", "Ask for fewer with limit.")?)
}

/// The tables whose loads a caller sees.
pub(crate) enum VisibleTables {
    /// All but these: loads of a hidden table are found only by its name.
    AllBut(Vec<&'static str>),
    /// These alone: a file under a prefix that names no table may belong to a table that the caller
    /// does not see.
    Among(Vec<&'static str>),
}

impl VisibleTables {
    pub(crate) fn new(dictionary: &'static Dictionary, caller: &Caller) -> Self {
        if caller.sees_all() {
            let hidden = dictionary.tables().iter().filter(|table| table.is_hidden());
            Self::AllBut(hidden.map(Table::name).collect())
        } else {
            Self::Among(
                dictionary.visible_tables().map(Table::name).filter(|table| caller.sees(table)).collect(),
            )
        }
    }

    pub(crate) fn filter(&self) -> loads::TableFilter<'_> {
        match self {
            Self::AllBut(hidden) => loads::TableFilter::AllBut(hidden),
            Self::Among(seen) => loads::TableFilter::Among(seen),
        }
    }
}

/// Answers with one load.
pub(crate) async fn get(
    _: AsJson,
    InTime(service): InTime<Service>,
    caller: Caller,
    PathText(load): PathText,
    query: Query,
) -> Result<Response, ProblemResponse> {
    let parameters = [Parameter::text("rejects_after", MAX_KEY)];
    let values = query.read(&parameters)?;
    let load = LoadId::parse(&load).ok_or_else(unknown)?;
    let record = loads::get(&service.database, &load).await.map_err(|error| database_problem(&error))?;
    let record = record.ok_or_else(unknown)?;
    caller.require(&record.table)?;
    let rejects = match record.rows_rejected {
        0 => RejectsPage::default(),
        _ => loads::rejects(&service.database, &load, MAX_LINKS, values.text("rejects_after"))
            .await
            .map_err(|error| database_problem(&error))?,
    };
    let rejects = with_links(&service.links, rejects).await.map_err(|error| {
        tracing::error!(error = %error, "no links can be signed");
        Problem::internal()
    })?;
    answer(&LoadAnswer { record: &record, rejects: &rejects })
}

/// A load with its rejects files, as `docs/api.md` describes them.
#[derive(Debug, Serialize)]
struct LoadAnswer<'a> {
    #[serde(flatten)]
    record: &'a LoadRecord,
    #[serde(flatten)]
    rejects: &'a Rejects,
}

#[derive(Debug, Serialize)]
struct Rejects {
    rejects: Vec<RejectsLink>,
    /// The number of all its files.
    rejects_files: u64,
    /// The value of `rejects_after` for the files after these.
    rejects_next: Option<String>,
    /// The time at which the links expire.
    rejects_expire_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct RejectsLink {
    #[serde(flatten)]
    file: RejectsFile,
    url: String,
}

async fn with_links(links: &Links, page: RejectsPage) -> Result<Rejects, LinkError> {
    let RejectsPage { files, total, next } = page;
    let mut answer =
        Rejects { rejects: Vec::new(), rejects_files: total, rejects_next: next, rejects_expire_at: None };
    if !files.is_empty() {
        let signer = links.signer(SystemTime::now()).await?;
        answer.rejects_expire_at = Some(signer.expires_at.clone());
        for file in files {
            let url = signer.link(&file.key)?;
            answer.rejects.push(RejectsLink { file, url });
        }
    }
    Ok(answer)
}

fn unknown() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such load. GET /loads lists them.")
}

/// The loads that a request asks for.
#[derive(Debug, PartialEq, Eq)]
struct Filter {
    table: Option<String>,
    status: Option<LoadStatus>,
    key: Option<String>,
    limit: u32,
    after: Option<LoadId>,
}

impl Filter {
    fn read(dictionary: &Dictionary, query: &Query) -> Result<Self, Problem> {
        let statuses = LoadStatus::ALL.map(|status| status.as_str().to_owned()).into();
        let parameters = [
            // Any name: the ledger also has failed loads of tables that the dictionary does not
            // have.
            Parameter::text("table", 64),
            Parameter::optional("status", ParameterType::Choice { values: statuses }),
            Parameter::text("key", MAX_KEY),
            page::LOADS.limit(),
            Parameter::text("after", 64),
        ];
        let values = query.read_checked(&parameters, |name, text| match name {
            "table" if !may_be_table(text) => {
                Err("must be a name, of letters, digits, _ and - without accents".to_owned())
            }
            "after" if LoadId::parse(text).is_none() => Err("must be a load's id, as next has it".to_owned()),
            _ => Ok(()),
        })?;
        // The ledger has the tables' own names; a client may use their aliases.
        let own_name = |name: &str| dictionary.table(name).map_or(name, Table::name).to_owned();
        Ok(Self {
            table: values.text("table").map(own_name),
            status: values.text("status").and_then(LoadStatus::from_name),
            key: values.text("key").map(str::to_owned),
            limit: values.limit(),
            after: values.text("after").and_then(LoadId::parse),
        })
    }
}

/// Returns true if a load of the ledger may have this as its table. The loader keeps the table of a
/// wrong key if it could be a name, and otherwise keeps nothing.
fn may_be_table(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Filter, Vec<String>> {
        let dictionary = testkit::dictionary();
        Filter::read(dictionary, &Query::new(Some(query)))
            .map_err(|problem| problem.errors.into_iter().map(|mistake| mistake.detail).collect())
    }

    #[test]
    fn reads_every_filter_and_knows_a_table_by_its_alias() {
        assert_eq!(read(""), Ok(Filter { table: None, status: None, key: None, limit: 100, after: None }));
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            read(&format!("table=filed_documents&status=failed&limit=1000&after={id}&key=a%2Fb+c")),
            Ok(Filter {
                table: Some("documents".to_owned()),
                status: Some(LoadStatus::Failed),
                key: Some("a/b c".to_owned()),
                limit: 1000,
                after: LoadId::parse(id)
            })
        );
    }

    #[test]
    fn a_table_that_the_dictionary_does_not_have_may_be_asked_for() {
        for name in ["people", "People-2_x", ""] {
            assert_eq!(read(&format!("table={name}")).unwrap().table.as_deref(), Some(name));
        }
    }

    #[test]
    fn reports_every_mistake() {
        assert_eq!(
            read(&format!("table={}&status=done&limit=0&after=7&order=asc", "x".repeat(65))).unwrap_err(),
            [
                "table may have 64 characters, not 65.",
                "status must be running, completed, failed or skipped, not \"done\".",
                "limit must be from 1 to 1000, not 0.",
                "after must be a load's id, as next has it.",
                "order is not known; there are table, status, key, limit and after.",
            ]
        );
        assert_eq!(
            read("table=%C3%A9quipe").unwrap_err(),
            ["table must be a name, of letters, digits, _ and - without accents."]
        );
        assert_eq!(read("after=7&after=8").unwrap_err(), ["after is given 2 times; give it once."]);
    }
}
