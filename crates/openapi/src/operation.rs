//! One method of one path.

use std::collections::BTreeMap;

use domain::problem::ProblemKind;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ContentBuilder, RefOr, Required, Response, ResponseBuilder, ResponsesBuilder};

use crate::door::Door;
use crate::problem::Problems;

/// A method of a path: what is asked, and everything that can be answered.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) method: HttpMethod,
    pub(crate) path: String,
    tag: &'static str,
    id: String,
    summary: String,
    description: Option<String>,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    answers: BTreeMap<u16, Response>,
    kinds: Vec<ProblemKind>,
    takes_conditions: bool,
    tells_standing: bool,
    is_open: bool,
}

impl Route {
    /// A method that answers nothing yet. `id` names the operation for programs that are made from the document.
    pub(crate) fn new(
        method: HttpMethod,
        path: impl Into<String>,
        tag: &'static str,
        id: impl Into<String>,
        summary: impl Into<String>,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            tag,
            id: id.into(),
            summary: summary.into(),
            description: None,
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            kinds: Vec::new(),
            takes_conditions: false,
            tells_standing: false,
            is_open: false,
        }
    }

    pub(crate) fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    pub(crate) fn parameters(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// What is sent, as JSON; every function unpacks gzip.
    pub(crate) fn body(
        mut self,
        required: Required,
        description: &str,
        schema: impl Into<RefOr<Schema>>,
    ) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body = RequestBodyBuilder::new()
            .description(Some(format!(
                "{description} As it is, or as gzip with `Content-Encoding: gzip`; limits are of what is unpacked."
            )))
            .required(Some(required))
            .content("application/json", content);
        self.body = Some(body.build());
        self
    }

    pub(crate) fn answer(mut self, status: u16, response: ResponseBuilder) -> Self {
        self.answers.insert(status, response.build());
        self
    }

    pub(crate) fn problems(mut self, kinds: impl IntoIterator<Item = ProblemKind>) -> Self {
        self.kinds.extend(kinds);
        self
    }

    /// A condition in its headers may not hold.
    pub(crate) fn taking_conditions(mut self) -> Self {
        self.takes_conditions = true;
        self
    }

    /// Anybody may call it.
    pub(crate) fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Its problems of an unavailable service tell how the service stands.
    pub(crate) fn telling_standing(mut self) -> Self {
        self.tells_standing = true;
        self
    }

    /// The problems it can answer with, those of the gateway among them.
    pub(crate) fn all_problems(&self, door: Door) -> Problems {
        let door = (!self.is_open).then_some(door);
        let problems = Problems::new(&self.kinds, door, self.body.is_some(), self.takes_conditions);
        if self.tells_standing { problems.with_standing() } else { problems }
    }

    /// The method's name, as requests have it.
    pub(crate) fn method_name(&self) -> &'static str {
        match self.method {
            HttpMethod::Get => "GET",
            HttpMethod::Put => "PUT",
            HttpMethod::Post => "POST",
            HttpMethod::Delete => "DELETE",
            _ => "another",
        }
    }

    pub(crate) fn operation(self, door: Door) -> Operation {
        let problems = self.all_problems(door);
        let mut answers = self.answers;
        for (status, problem) in problems.responses() {
            match answers.get_mut(&status) {
                // One status, two forms: which one it is says the content type.
                Some(answer) => {
                    answer.description = format!("{} Or: {}", answer.description, problem.description);
                    answer.content.extend(problem.content);
                    answer.headers.extend(problem.headers);
                }
                None => {
                    answers.insert(status, problem);
                }
            }
        }
        let responses = answers
            .into_iter()
            .fold(ResponsesBuilder::new(), |all, (status, answer)| all.response(status.to_string(), answer));
        OperationBuilder::new()
            .tag(self.tag)
            .operation_id(Some(self.id))
            .summary(Some(self.summary))
            .description(self.description)
            .parameters((!self.parameters.is_empty()).then_some(self.parameters))
            .request_body(self.body)
            .securities(self.is_open.then_some([]))
            .responses(responses)
            .build()
    }
}
