use serde_json::Value;

use super::*;

fn source() -> Source<'static> {
    of_door(Door::Scripts)
}

fn of_door(door: Door) -> Source<'static> {
    Source {
        door,
        dictionary: testkit::dictionary(),
        reports: &testkit::folder().reports,
        version: "1.2.3",
        url: "https://api.example.com/v1",
    }
}

fn shipped() -> Value {
    serde_json::from_str(&json(source())).unwrap()
}

fn of_people() -> Value {
    serde_json::from_str(&json(of_door(Door::People))).unwrap()
}

/// Returns the stack's template, from the snapshot of its own tests.
fn template() -> Value {
    let text = include_str!("../../../infra/test/__snapshots__/service.template.json");
    serde_json::from_str::<Value>(text).unwrap()["Resources"].clone()
}

fn path_of(resources: &Value, id: &Value) -> String {
    let Some(id) = id["Ref"].as_str() else { return String::new() };
    let resource = &resources[id]["Properties"];
    format!("{}/{}", path_of(resources, &resource["ParentId"]), resource["PathPart"].as_str().unwrap())
}

fn of_type<'v>(resources: &'v Value, of: &str) -> Vec<&'v Value> {
    let resources = resources.as_object().unwrap().values();
    resources.filter(|resource| resource["Type"] == of).map(|resource| &resource["Properties"]).collect()
}

/// The methods that the stack routes on one of its two doors, whose methods take keys or do not.
fn routed(door: Door) -> Vec<String> {
    let resources = template();
    let methods = of_type(&resources, "AWS::ApiGateway::Method");
    let scripts = methods.iter().find(|method| method["ApiKeyRequired"] == true).unwrap();
    let mut routed: Vec<String> = methods
        .iter()
        .filter(|method| method["HttpMethod"] != "ANY")
        .filter(|method| (method["RestApiId"] == scripts["RestApiId"]) == (door == Door::Scripts))
        .map(|method| {
            let path = path_of(&resources, &method["ResourceId"]);
            format!("{} {path}", method["HttpMethod"].as_str().unwrap())
        })
        .collect();
    routed.sort();
    routed
}

#[test]
fn the_stack_routes_what_is_declared() {
    for door in [Door::Scripts, Door::People] {
        let declared = operations().into_iter().filter(|operation| operation.is_at(door));
        let mut declared: Vec<String> =
            declared.map(|operation| format!("{} {}", operation.method(), operation.path)).collect();
        declared.sort();
        assert_eq!(declared, routed(door), "{door:?}");
    }
}

#[test]
fn the_audit_trail_is_asked_for_any_key() {
    let document = of_people();
    let parameters = document["paths"]["/audit"]["get"]["parameters"].as_array().unwrap();
    let row = parameters.iter().find(|parameter| parameter["name"] == "row").unwrap();
    assert_eq!(row["schema"]["maxLength"], domain::key_text::MAX_KEY_CHARS);
}

/// Returns true if every choice in a document names its forms.
fn has_sound_choices(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().all(|(name, member)| {
            (name != "anyOf" || member.as_array().is_some_and(|forms| forms.len() > 1))
                && has_sound_choices(member)
        }),
        Value::Array(values) => values.iter().all(has_sound_choices),
        _ => true,
    }
}

#[test]
fn every_choice_has_forms() {
    assert!(has_sound_choices(&shipped()));
    assert!(has_sound_choices(&of_people()));
}

#[test]
fn every_operation_says_who_answers_and_who_may_call() {
    for operation in operations() {
        let name = format!("{} {}", operation.method(), operation.path);
        assert!(!operation.function().is_empty(), "{name}");
        match operation.right() {
            Some(right) => {
                assert!(["account", "reader", "writer", "operator"].contains(&right), "{name}: {right}");
                assert!(!operation.is_open(), "{name} is open and takes a right");
            }
            None => assert!(operation.is_open(), "{name} has neither a right nor `security: []`"),
        }
    }
}

#[test]
fn every_problem_that_is_declared_is_known() {
    for operation in operations() {
        for kind in operation.problems() {
            assert!(problem::Problem::named(kind).is_some(), "{kind} of {}", operation.path);
        }
    }
}

#[test]
fn nothing_that_is_for_rowgate_alone_is_served() {
    for document in [shipped(), of_people()] {
        let document = document.to_string().replace("\"x-rowgate-right\"", "");
        for inner in ["x-rowgate", "${", "generated#", "shared.yaml"] {
            assert!(!document.contains(inner), "{inner}");
        }
    }
}

#[test]
fn the_right_of_each_operation_is_served() {
    let (scripts, people) = (shipped(), of_people());
    for operation in operations().into_iter().filter(Operation::is_documented) {
        for (door, document) in [(Door::Scripts, &scripts), (Door::People, &people)] {
            let served = &document["paths"][operation.path][operation.method];
            let right = operation.right().filter(|_| operation.is_at(door));
            assert_eq!(served["x-rowgate-right"].as_str(), right, "{}", operation.path);
        }
    }
}

/// A member that is not described would otherwise pass every check of an answer.
#[test]
fn objects_with_members_have_no_others() {
    fn check(value: &Value) {
        if value["properties"].is_object() {
            assert!(!value["additionalProperties"].is_null(), "{value}");
        }
        match value {
            Value::Object(members) => members.values().for_each(check),
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    let document = of_people();
    check(&document["paths"]);
    for schema in document["components"]["schemas"].as_object().unwrap().values() {
        check(schema);
    }
}

#[test]
fn operations_have_names_of_their_own_and_links_lead_to_them() {
    let document = of_people();
    let paths = document["paths"].as_object().unwrap();
    let operations: Vec<&Value> =
        paths.values().flat_map(|path| path.as_object().unwrap().values()).collect();
    let names: Vec<&Value> = operations.iter().map(|operation| &operation["operationId"]).collect();
    for (index, name) in names.iter().enumerate() {
        assert!(name.is_string() && !names[..index].contains(name), "{name}");
    }
    let answers =
        operations.iter().flat_map(|operation| operation["responses"].as_object().unwrap().values());
    let links = answers.filter_map(|answer| answer["links"].as_object()).flat_map(|links| links.values());
    let links: Vec<&Value> = links.map(|link| &link["operationId"]).collect();
    assert_eq!(links.len(), 5);
    assert!(links.iter().all(|link| names.contains(link)), "{links:?}");
}

#[test]
fn describes_what_the_gateway_answers_by_itself() {
    for document in [shipped(), of_people()] {
        let is_of_people = document["components"]["securitySchemes"]["accessToken"].is_object();
        let schemas = document["components"]["schemas"].clone();
        let described: Vec<(&Value, &Value)> = schemas
            .as_object()
            .unwrap()
            .values()
            .map(|schema| {
                (&schema["properties"]["type"]["enum"][0], &schema["properties"]["status"]["minimum"])
            })
            .collect();
        for answer in of_type(&template(), "AWS::ApiGateway::GatewayResponse") {
            let body: Value =
                serde_json::from_str(answer["ResponseTemplates"]["application/json"].as_str().unwrap())
                    .unwrap();
            // No path of the document is none. A key is no token, and a token has no quota.
            let is_of_other = if is_of_people {
                body["type"] == "urn:rowgate:problem:quota-exceeded"
            } else {
                body["status"] == 401
            };
            if body["status"] == 404 || is_of_other {
                continue;
            }
            assert!(described.contains(&(&body["type"], &body["status"])), "{body}");
        }
    }
}

#[test]
fn each_door_has_its_own_way_in() {
    let (scripts, people) = (shipped(), of_people());
    assert_eq!(scripts["security"], serde_json::json!([{ "apiKey": [] }]));
    assert_eq!(people["security"], serde_json::json!([{ "accessToken": [] }]));
    assert_eq!(people["components"]["securitySchemes"]["accessToken"]["scheme"], "bearer");
    let mut open = Vec::new();
    for (path, operations) in people["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            let is_open = operation["security"] == serde_json::json!([]);
            assert_eq!(is_open, operation["security"].is_array(), "{path}");
            assert_eq!(operation["responses"]["401"].is_null(), path == "/register", "{path}");
            if is_open {
                open.push(path.as_str());
            }
        }
    }
    open.sort_unstable();
    assert_eq!(open, ["/login", "/refresh", "/register"]);
    let scripts = scripts["paths"].as_object().unwrap();
    assert!(!scripts.contains_key("/login") && !scripts.contains_key("/audit"));
    assert!(scripts.values().all(|path| path.to_string().find("\"401\"").is_none()));
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    for document in [shipped(), of_people()] {
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 50, "{}", found.len());
        for reference in found {
            let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
            assert!(target.is_some(), "{reference}");
        }
    }
}

#[test]
fn hides_hidden_tables() {
    let hidden = source().dictionary.tables().iter().filter(|table| table.is_hidden());
    let document = of_people().to_string() + &shipped().to_string();
    let mut some = false;
    for table in hidden {
        some = true;
        assert!(!document.contains(table.name()), "{}", table.name());
    }
    assert!(some, "there is a hidden table to leave out");
}

#[test]
fn rows_are_as_strict_as_the_dictionary() {
    let schemas = &shipped()["components"]["schemas"];
    let documents = &schemas["DocumentsInsert"];
    assert_eq!(documents["additionalProperties"], false);
    assert_eq!(
        documents["required"],
        serde_json::json!(["id", "name", "datetime", "collection_id", "tag_id"])
    );
    let name = &documents["properties"]["name"];
    assert_eq!((&name["minLength"], &name["maxLength"]), (&1.into(), &255.into()));
    let collection = &documents["properties"]["collection_id"];
    assert_eq!((&collection["minimum"], &collection["maximum"]), (&i32::MIN.into(), &i32::MAX.into()));
    assert!(!schemas["DocumentsPut"]["required"].as_array().unwrap().contains(&"id".into()));
}

#[test]
fn every_answer_is_described_and_carries_the_requests_id() {
    let document = of_people();
    let mut answers = 0;
    for operation in
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
    {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            answers += 1;
            assert!(answer["headers"]["x-request-id"].is_object(), "{status} {operation}");
            assert!(status == "204" || answer["content"].is_object(), "{status} {operation}");
        }
    }
    assert!(answers > 150, "{answers}");
}

#[test]
fn every_operation_refuses_unknown_parameters() {
    let document = of_people();
    let paths = document["paths"].as_object().unwrap();
    for operation in paths.values().flat_map(|path| path.as_object().unwrap().values()) {
        let refused = &operation["responses"]["400"]["content"]["application/problem+json"]["schema"];
        assert!(refused.to_string().contains("/InvalidParameterProblem\""), "{operation}");
    }
}

/// The document in the page cannot end the element that holds it, and only the page's own scripts
/// run.
#[test]
fn a_page_holds_any_document() {
    let document = r#"{"info": {"title": "</script><script>alert(1)</script><!--"}}"#;
    let Page { html, policy } = page(document);
    assert_eq!(html.matches("</script>").count(), 3);
    assert_eq!(html.matches("<script").count(), 3);
    assert_eq!(html.matches("<!--").count(), 0);
    assert_eq!(html.matches("</style>").count(), 1);
    let held = html.split_once("id=\"document\">").unwrap().1.split_once("</script>").unwrap().0;
    assert_eq!(
        serde_json::from_str::<Value>(held).unwrap(),
        serde_json::from_str::<Value>(document).unwrap()
    );
    assert_eq!(policy.matches("'sha256-").count(), 2);
}
