//! People who are signed in, as API Gateway's authoriser describes them.

use serde_json::Value;

use super::{Right, Rights};

/// The prefix of the groups that let an account see one table.
pub const TABLE_GROUP: &str = "table:";

/// A person with an account, and their rights.
///
/// All of it comes from the claims of the token that API Gateway has verified. Only an access token
/// gives rights; other claims make a person without any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    username: String,
    rights: Rights,
}

impl Person {
    /// Reads a person from the claims of a token.
    pub(super) fn of_claims(claims: &Value) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let username = text("username").to_owned();
        let groups = match text("token_use") {
            "access" if !username.is_empty() => groups(claims.get("cognito:groups")),
            _ => Vec::new(),
        };
        Self::new(username, groups.iter().map(String::as_str))
    }

    /// Returns the person whose account is in these groups.
    ///
    /// `reader`, `writer` and `operator` give rights; an account in none of them has none.
    /// `table:<name>` lets it see that table; an account without such a group sees every table.
    /// Other groups have no meaning.
    pub fn new<'g>(username: impl Into<String>, groups: impl IntoIterator<Item = &'g str>) -> Self {
        let (mut given, mut tables) = (Vec::new(), Vec::new());
        for group in groups {
            match group.strip_prefix(TABLE_GROUP) {
                Some(table) => tables.push(table.to_owned()),
                None => given.extend(Right::of_group(group)),
            }
        }
        Self { username: username.into(), rights: Rights::new(given, tables) }
    }

    /// Returns the name of the account.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Returns the rights of the account.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Returns the names of the groups that give the account its rights, the least first.
    pub fn groups(&self) -> impl Iterator<Item = &'static str> {
        self.rights.given().map(Right::group)
    }
}

/// Reads the groups of a claim.
///
/// API Gateway passes a list as text, in a form that AWS does not document: `a,b`, `[a b]`, `a b`,
/// `[a, b]` and JSON have been seen. Names of groups that give a right contain no separator.
fn groups(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::Array(groups)) => names(groups),
        Some(Value::String(text)) => match serde_json::from_str::<Vec<Value>>(text) {
            Ok(groups) => names(&groups),
            Err(_) => {
                let text = text.trim();
                let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
                let separates = |character: char| character == ',' || character.is_whitespace();
                inner.split(separates).filter(|name| !name.is_empty()).map(str::to_owned).collect()
            }
        },
        _ => Vec::new(),
    }
}

fn names(groups: &[Value]) -> Vec<String> {
    groups.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(groups: &Value) -> Person {
        Person::of_claims(
            &json!({ "token_use": "access", "username": "ann@x.example", "cognito:groups": groups }),
        )
    }

    #[test]
    fn reads_the_groups_in_every_form_that_gateways_write() {
        let expected = Person::new("ann@x.example", ["writer", "table:documents", "table:tags"]);
        for groups in [
            json!("writer,table:documents,table:tags"),
            json!("writer, table:documents, table:tags"),
            json!("writer table:documents table:tags"),
            json!("[writer table:documents table:tags]"),
            json!("[writer, table:documents, table:tags]"),
            json!("[writer,table:documents,table:tags]"),
            json!(" [ writer  table:documents\ttable:tags ] "),
            json!(r#"["writer","table:documents","table:tags"]"#),
            json!(r#"[ "writer", "table:documents", "table:tags" ]"#),
            json!(["writer", "table:documents", "table:tags"]),
            json!("table:tags,writer,table:documents,writer"),
        ] {
            assert_eq!(person(&groups), expected, "{groups}");
        }
    }

    #[test]
    fn each_right_has_the_ones_below_it() {
        for (groups, may) in [
            ("reader", [true, false, false]),
            ("writer", [true, true, false]),
            ("operator", [true, true, true]),
            ("operator reader", [true, true, true]),
            ("reader,writer", [true, true, false]),
        ] {
            let person = person(&json!(groups));
            assert!(person.groups().all(|group| groups.contains(group)), "{groups}");
            assert_eq!(
                [Right::Read, Right::Write, Right::Operate].map(|right| person.rights().may(right)),
                may,
                "{groups}"
            );
        }
    }

    #[test]
    fn an_account_in_no_group_that_gives_a_right_may_nothing() {
        for groups in [
            json!(null),
            json!(""),
            json!("[]"),
            json!("[ ]"),
            json!(","),
            json!([]),
            json!({}),
            json!(7),
            json!(true),
            json!("Operator"),
            json!("OPERATOR"),
            json!("operators"),
            json!("readerwriter"),
            json!("(operator)"),
            json!("[[operator]]"),
            json!("'operator'"),
            json!("operator;"),
            json!("[operator"),
            json!("table:operator"),
            json!(["operator,"]),
            json!([["operator"]]),
            json!({"operator": true}),
            json!("table:documents"),
            json!(r#"{"0":"operator"}"#),
            json!("\"operator\""),
        ] {
            assert!(!person(&groups).rights().may(Right::Read), "{groups}");
        }
        let without = Person::of_claims(&json!({ "token_use": "access", "username": "ann@x.example" }));
        assert!(!without.rights().may(Right::Read));
    }

    #[test]
    fn only_an_access_token_with_a_name_gives_a_right() {
        for (token_use, username) in [
            (json!("id"), json!("ann")),
            (json!("refresh"), json!("ann")),
            (json!("Access"), json!("ann")),
            (json!(null), json!("ann")),
            (json!(["access"]), json!("ann")),
            (json!("access"), json!("")),
            (json!("access"), json!(null)),
            (json!("access"), json!(7)),
        ] {
            let claims = json!({
                "token_use": token_use, "username": username, "cognito:groups": "operator", "cognito:username": "ann"
            });
            assert!(!Person::of_claims(&claims).rights().may(Right::Read), "{claims}");
        }
        for claims in [json!(null), json!("operator"), json!([]), json!(["operator"])] {
            assert!(!Person::of_claims(&claims).rights().may(Right::Read), "{claims}");
        }
    }

    #[test]
    fn table_groups_narrow_what_is_seen_for_all_but_operators() {
        let all = person(&json!("reader")).rights;
        assert!(all.sees("documents") && all.sees("tags") && all.sees_all());
        let one = person(&json!("writer,table:documents")).rights;
        assert!(one.sees("documents") && !one.sees("tags") && !one.sees("Documents") && !one.sees_all());
        let two = person(&json!("[reader table:documents table:tags]")).rights;
        assert!(two.sees("documents") && two.sees("tags") && !two.sees("collections") && !two.sees_all());
        // A name that is no table's narrows all the same.
        let none = person(&json!("reader,table:")).rights;
        assert!(!none.sees("documents") && !none.sees_all());
        let operator = person(&json!("operator,table:documents")).rights;
        assert!(operator.sees("tags") && operator.sees_all());
    }
}
