//! Accounts and the audit trail: what the people's door alone has.

use domain::audit::Action;
use domain::page;
use domain::problem::ProblemKind;
use serde_json::json as value;
use utoipa::openapi::Required;
use utoipa::openapi::path::{HttpMethod, Parameter};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use super::table_name;
use crate::Source;
use crate::answer::{empty, json};
use crate::operation::Route;
use crate::schema::{
    array, in_path, in_query, integer, moment, named, object, one_of, or_null, query_text, text, text_or_null,
};

const TAG: &str = "Accounts";

/// What every body may be refused for.
const OF_BODIES: [ProblemKind; 4] = [
    ProblemKind::InvalidJson,
    ProblemKind::WrongShape,
    ProblemKind::PayloadTooLarge,
    ProblemKind::UnsupportedMediaType,
];

/// Characters of an account's name at most.
const MAX_NAME: usize = 128;

pub(super) fn routes(source: Source) -> Vec<Route> {
    [session(), of_operators(source)].concat()
}

fn session() -> Vec<Route> {
    let post = |path, id: &str, summary: &str| Route::new(HttpMethod::Post, path, TAG, id, summary);
    let tokens = || json("The tokens of a session.", named("Tokens"), &[]);
    let refresh = object([("refresh_token", text().into())]);
    let pending = object([("status", one_of(["pending-approval"]).into())]);
    vec![
        post("/register", "register", "Ask for an account")
            .describe(
                "It waits until an operator approves it. The answer is the same where the name is taken.",
            )
            .open()
            .body(Required::True, "Who.", credentials())
            .answer(202, json("The account waits for approval.", pending, &[]))
            .problems(OF_BODIES)
            .problems([
                ProblemKind::RegistrationClosed,
                ProblemKind::EmailDomain,
                ProblemKind::Password,
                ProblemKind::Unavailable,
            ]),
        post("/login", "login", "Sign in")
            .describe("No answer tells whether a name exists.")
            .open()
            .body(Required::True, "Who.", credentials())
            .answer(200, tokens())
            .problems(OF_BODIES)
            .problems([
                ProblemKind::WrongCredentials,
                ProblemKind::PendingApproval,
                ProblemKind::Unavailable,
            ]),
        post("/refresh", "refresh", "Get a new access token")
            .describe("With the rights that the account has now. A session ends twelve hours after it began.")
            .open()
            .body(Required::True, "The session's token.", refresh)
            .answer(200, tokens())
            .problems(OF_BODIES)
            .problems([ProblemKind::SessionOver, ProblemKind::Unavailable]),
        post("/logout", "logout", "Sign out")
            .describe("Every session of the account is over.")
            .answer(204, empty("The session is over."))
            .problems([ProblemKind::Forbidden, ProblemKind::Unavailable]),
        Route::new(HttpMethod::Get, "/me", TAG, "readMe", "Read who is signed in")
            .answer(200, json("The account, and what it sees.", named("Me"), &[]))
            .problems([ProblemKind::Forbidden]),
    ]
}

fn of_operators(source: Source) -> Vec<Route> {
    let door = source.door;
    let change = |path, id: &str, summary: &str| {
        Route::new(HttpMethod::Post, path, TAG, id, summary)
            .parameters([username()])
            .answer(200, json("The account.", named("Account"), &[]))
            .problems([
                ProblemKind::Forbidden,
                ProblemKind::NotFound,
                ProblemKind::AccountState,
                ProblemKind::Unavailable,
            ])
    };
    let accounts = object([("accounts", array(named("Account")).into()), ("next", text_or_null().into())]);
    let entries = object([
        ("entries", array(named("AuditEntry")).into()),
        ("next", or_null(integer(1, i64::MAX), Type::Integer).into()),
    ]);
    let groups = object([("groups", array(group(source)).min_items(Some(1)).into())])
        .examples([value!({ "groups": ["writer"] })]);
    let of_account =
        |name: &str, description: &str| query_text(name, description, text().max_length(Some(MAX_NAME)));
    vec![
        Route::new(HttpMethod::Get, "/accounts", TAG, "listAccounts", "List accounts")
            .describe(door.operators())
            .parameters([
                in_query(&page::ACCOUNTS.limit()),
                query_text("after", "`next` of the page before.", text()),
            ])
            .answer(200, json("A page of accounts.", accounts, &[]))
            .problems([ProblemKind::Forbidden, ProblemKind::Unavailable]),
        change("/accounts/{username}/approve", "approveAccount", "Let an account in, or change its groups")
            .describe(format!("{} The account has exactly these groups from then on.", door.operators()))
            .body(Required::True, "Its groups.", groups)
            .problems(OF_BODIES),
        change("/accounts/{username}/disable", "disableAccount", "Let an account in no more")
            .describe(format!("{} Nobody disables themselves, or the last operator.", door.operators())),
        Route::new(HttpMethod::Get, "/audit", TAG, "listAudit", "List what people changed")
            .describe(format!("{} Newest first. What scripts do with keys is not in it.", door.operators()))
            .parameters([
                in_query(&page::AUDIT.limit()),
                query_text("after", "`next` of the page before.", integer(1, i64::MAX)),
                of_account("username", "Entries of this account."),
                query_text("table", "Entries of this table.", text().max_length(Some(64))),
                query_text("row", "Entries of rows with this key.", text().max_length(Some(64))),
            ])
            .answer(200, json("A page of the audit trail.", entries, &[]))
            .problems([ProblemKind::Forbidden, ProblemKind::Unavailable]),
    ]
}

fn username() -> Parameter {
    let schema = text().min_length(Some(1)).max_length(Some(MAX_NAME)).examples(["ann@example.com"]);
    in_path("username", "The account's name: an e-mail address.", schema)
}

fn credentials() -> ObjectBuilder {
    let name = "An e-mail address.";
    object([
        ("username", text().max_length(Some(MAX_NAME)).description(Some(name)).into()),
        ("password", text().max_length(Some(256)).into()),
    ])
    .examples([value!({ "username": "ann@example.com", "password": "Sesame-open-7" })])
}

/// A group that an account can be given.
fn group(source: Source) -> ObjectBuilder {
    let tables = source.dictionary.visible_tables().map(|table| format!("table:{}", table.name()));
    one_of(["reader", "writer", "operator"].map(str::to_owned).into_iter().chain(tables))
}

pub(super) fn schemas(source: Source) -> Vec<(String, Schema)> {
    let tokens = object([
        ("access_token", text().description(Some("What `Authorization: Bearer` takes.")).into()),
        ("token_type", one_of(["Bearer"]).into()),
        ("expires_in", integer(1, 86_400).description(Some("Seconds until the access token ends.")).into()),
        ("refresh_token", text().into()),
    ]);
    let roles = || one_of(["reader", "writer", "operator"]);
    let me = object([
        ("username", text().into()),
        ("groups", array(roles()).description(Some("Those that give rights.")).into()),
        ("tables", array(table_name(source.dictionary)).description(Some("The tables that it sees.")).into()),
    ]);
    let moment_or_null = || or_null(moment(), Type::String);
    let account = object([
        ("username", text().into()),
        ("status", one_of(["pending", "active", "disabled"]).into()),
        ("groups", array(text()).into()),
        ("created_at", moment_or_null().into()),
        ("changed_at", moment_or_null().into()),
    ]);
    let any_object = |description: &str| {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
            .description(Some(description))
    };
    let entry = object([
        ("id", integer(1, i64::MAX).into()),
        ("at", moment().into()),
        ("username", text().into()),
        ("action", one_of(Action::ALL.map(Action::as_str)).into()),
        ("table", text_or_null().into()),
        ("row", text_or_null().description(Some("The row's key.")).into()),
        ("before", any_object("The row as it was.").into()),
        ("after", any_object("The row as it became.").into()),
        ("detail", any_object("What was asked for, where no row was changed.").into()),
        ("request_id", text().into()),
    ]);
    vec![
        ("Account".to_owned(), account.into()),
        ("AuditEntry".to_owned(), entry.into()),
        ("Me".to_owned(), me.into()),
        ("Tokens".to_owned(), tokens.into()),
    ]
}
