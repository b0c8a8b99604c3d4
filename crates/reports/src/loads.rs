//! `GET /loads` and `GET /loads/{id}`: the loads ledger.

use std::time::SystemTime;

use aurora::loads;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::dictionary::{Dictionary, Table};
use domain::load::{LoadId, LoadRecord, LoadStatus, RejectsFile, RejectsPage};
use domain::page;
use domain::problem::{Problem, ProblemDetail, ProblemKind};
use domain::report::{Parameter, ParameterType, ParameterValue, read_parameters};
use lambda_kit::caller::Caller;
use lambda_kit::http::InTime;
use lambda_kit::problem::ProblemResponse;
use lambda_kit::query;
use serde::Serialize;
use serde_json::json;

use crate::accept::{Form, negotiate};
use crate::links::{LinkError, Links};
use crate::payload::{Payload, TooLarge};
use crate::{Service, database_problem};

/// Rejects files with a link in one answer at most. A link takes some 2.5 KB, most of it the session's token: 2.5 MB of the
/// 6 MB that an answer can have.
const MAX_LINKS: u32 = 1000;
const STATUSES: [LoadStatus; 4] =
    [LoadStatus::Running, LoadStatus::Completed, LoadStatus::Failed, LoadStatus::Skipped];

/// Loads of the tables that the caller sees, newest first.
pub(crate) async fn list(
    InTime(service): InTime<Service>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    let filter = Filter::read(service.dictionary, query::pairs(query.as_deref())).map_err(query::problem)?;
    filter.table.as_deref().map_or(Ok(()), |table| caller.require(table))?;
    let seen = Seen::new(service.dictionary, &caller);
    let wanted = loads::Wanted {
        of: filter.table.as_deref().map_or_else(|| seen.of(), loads::Of::Table),
        status: filter.status,
        key: filter.key.as_deref(),
    };
    let mut limit = filter.limit;
    let page = loop {
        match loads::find(&service.database, wanted, limit, filter.after.as_ref()).await {
            // Long keys and errors: a thousand loads may be over the Data API's 1 MiB.
            Err(aurora::Error::TooLarge { .. }) if limit > 1 => limit /= 2,
            page => break page.map_err(|error| database_problem(&error))?,
        }
    };
    let mut payload = Payload::default();
    payload.push(&json!({ "loads": page.loads, "next": page.next }).to_string()).map_err(too_large)?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], payload.into_text()).into_response())
}

/// Whose loads a caller sees.
pub(crate) enum Seen {
    /// Those of all tables but these. Loads of a table that users do not know of are none that they look for, unless they
    /// name it.
    AllBut(Vec<&'static str>),
    /// Those of these tables: a file under a prefix that names no table may be of a table that the caller does not see.
    Among(Vec<&'static str>),
}

impl Seen {
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

    pub(crate) fn of(&self) -> loads::Of<'_> {
        match self {
            Self::AllBut(hidden) => loads::Of::AllBut(hidden),
            Self::Among(seen) => loads::Of::Among(seen),
        }
    }
}

/// One load.
pub(crate) async fn get(
    InTime(service): InTime<Service>,
    caller: Caller,
    load: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let form = negotiate(&headers, &[Form::Json])?;
    let after = rejects_after(&query::pairs(query.as_deref())).map_err(query::problem)?;
    // What cannot be an id is no load's.
    let Some(load) = load.ok().and_then(|Path(load)| LoadId::parse(&load)) else {
        return Err(unknown().into());
    };
    let record = loads::get(&service.database, &load).await.map_err(|error| database_problem(&error))?;
    let record = record.ok_or_else(unknown)?;
    caller.require(&record.table)?;
    let rejects = match record.rows_rejected {
        0 => RejectsPage::default(),
        _ => loads::rejects(&service.database, &load, MAX_LINKS, after.as_deref())
            .await
            .map_err(|error| database_problem(&error))?,
    };
    let rejects = with_links(&service.links, rejects).await.map_err(|error| {
        tracing::error!(error = %error, "no links can be signed");
        Problem::internal()
    })?;
    let mut payload = Payload::default();
    let answer = json!(LoadAnswer { record: &record, rejects: &rejects });
    payload.push(&answer.to_string()).map_err(too_large)?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], payload.into_text()).into_response())
}

/// One load with its rejects files, as `docs/api.md` has them.
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
    /// How many files the load has in all.
    rejects_files: u64,
    /// What `rejects_after` takes for the files after these.
    rejects_next: Option<String>,
    /// When the links end.
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
        answer.rejects_expire_at = Some(signer.expire_at()?);
        for file in files {
            let url = signer.link(&file.key)?;
            answer.rejects.push(RejectsLink { file, url });
        }
    }
    Ok(answer)
}

/// Reads the query of one load: the key of the rejects file after which files are wanted.
fn rejects_after(given: &[(String, String)]) -> Result<Option<String>, Vec<ProblemDetail>> {
    let parameter = Parameter {
        name: "rejects_after".to_owned(),
        parameter_type: ParameterType::String { max_length: 1024 },
        default: None,
        required: false,
        description: String::new(),
    };
    Ok(match read_parameters(&[parameter], given)?.get("rejects_after") {
        Some(ParameterValue::String(key)) => Some(key.clone()),
        _ => None,
    })
}

fn unknown() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such load. GET /loads lists them.")
}

fn too_large(error: TooLarge) -> Problem {
    error.problem("This page of loads", "Ask for fewer with limit.")
}

/// Which loads are wanted.
#[derive(Debug, PartialEq, Eq)]
struct Filter {
    table: Option<String>,
    status: Option<LoadStatus>,
    key: Option<String>,
    limit: u32,
    after: Option<LoadId>,
}

impl Filter {
    fn read(dictionary: &Dictionary, mut given: Vec<(String, String)>) -> Result<Self, Vec<ProblemDetail>> {
        // The ledger has the tables' own names; a client may use their aliases.
        for (_, value) in given.iter_mut().filter(|(name, _)| name == "table") {
            if let Some(table) = dictionary.table(value) {
                table.name().clone_into(value);
            }
        }
        let parameters = parameters();
        let result = read_parameters(&parameters, &given);
        let after = given.iter().find(|(name, _)| name == "after").map(|(_, value)| LoadId::parse(value));
        let mut mistakes = result.as_ref().err().cloned().unwrap_or_default();
        let mut refuse = |name: &str, detail: &str| {
            if !mistakes.iter().any(|mistake| mistake.parameter == name) {
                mistakes.push(ProblemDetail { parameter: name.to_owned(), detail: detail.to_owned() });
            }
        };
        if matches!(after, Some(None)) {
            refuse("after", "after must be a load's id, as next has it.");
        }
        if given.iter().any(|(name, value)| name == "table" && !may_be_table(value)) {
            refuse("table", "table must be a name, of letters, digits, _ and - without accents.");
        }
        match result {
            Ok(values) if mistakes.is_empty() => {
                let text = |name: &str| match values.get(name) {
                    Some(ParameterValue::String(text)) => Some(text.clone()),
                    _ => None,
                };
                let limit = match values.get("limit") {
                    Some(ParameterValue::Integer(limit)) => *limit,
                    _ => page::LOADS.default,
                };
                Ok(Self {
                    table: text("table"),
                    status: text("status").and_then(|status| LoadStatus::from_name(&status)),
                    key: text("key"),
                    limit: u32::try_from(limit).unwrap_or(u32::MAX),
                    after: after.flatten(),
                })
            }
            _ => {
                // As all mistakes in parameters are told: those of `parameters` first, in their order.
                let place = |name: &str| parameters.iter().position(|parameter| parameter.name == name);
                mistakes.sort_by_key(|mistake| place(&mistake.parameter).unwrap_or(usize::MAX));
                Err(mistakes)
            }
        }
    }
}

/// Whether a load of the ledger may have this as its table. The loader keeps of a wrong key what could be a name; nothing, where
/// that is none either.
fn may_be_table(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn parameters() -> [Parameter; 5] {
    let optional = |name: &str, parameter_type, default| Parameter {
        name: name.to_owned(),
        parameter_type,
        default,
        required: false,
        description: String::new(),
    };
    let statuses = STATUSES.map(|status| status.as_str().to_owned()).into();
    [
        // Any name: the ledger also has failed loads of tables that the dictionary never had, or has no more.
        optional("table", ParameterType::String { max_length: 64 }, None),
        optional("status", ParameterType::Choice { values: statuses }, None),
        // As long as S3 lets a key be, which counts its bytes.
        optional("key", ParameterType::String { max_length: 1024 }, None),
        page::LOADS.limit(),
        optional("after", ParameterType::String { max_length: 64 }, None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Filter, Vec<String>> {
        let dictionary = domain::shipped::dictionary().unwrap();
        Filter::read(dictionary, query::pairs(Some(query)))
            .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.detail).collect())
    }

    #[test]
    fn reads_every_filter_and_knows_a_table_by_its_alias() {
        assert_eq!(read(""), Ok(Filter { table: None, status: None, key: None, limit: 100, after: None }));
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            read(&format!("table=hired_employees&status=failed&limit=1000&after={id}&key=a%2Fb+c")),
            Ok(Filter {
                table: Some("employees".to_owned()),
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
