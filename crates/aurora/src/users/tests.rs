use super::*;

const PASSWORD: &str = "0123456789abcDEF";

#[test]
fn statements_name_one_database_and_every_privilege() {
    let login = Login::new("rowgate_writer", PASSWORD).unwrap();
    assert_eq!(
        statements("staging_rowgate", Role::Writer, &login),
        [
            "CREATE USER IF NOT EXISTS 'rowgate_writer'@'%' IDENTIFIED BY '0123456789abcDEF'",
            "ALTER USER 'rowgate_writer'@'%' IDENTIFIED BY '0123456789abcDEF'",
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER ON `staging\\_rowgate`.* TO 'rowgate_writer'@'%'",
        ]
    );
    let [_, _, grant] = statements("rowgate", Role::Reader, &login);
    assert_eq!(grant, "GRANT SELECT ON `rowgate`.* TO 'rowgate_writer'@'%'");
    assert_eq!(load_from_s3(&login), "GRANT AWS_LOAD_S3_ACCESS TO 'rowgate_writer'@'%'");
}

#[test]
fn a_secret_may_have_other_members() {
    let secret = format!(r#"{{"username":"a","password":"{PASSWORD}","engine":"mysql","port":3306}}"#);
    assert_eq!(Login::parse(&secret), Login::new("a", PASSWORD));
    for secret in ["", "hunter2", r#"{"username":"a"}"#, r#"{"username":"a","password":7}"#, "[]"] {
        assert_eq!(Login::parse(secret), Err(InvalidSecret::Form), "{secret}");
    }
}

#[test]
fn nothing_that_could_end_a_string_gets_into_a_statement() {
    let long = "a".repeat(33);
    for user in ["", "a b", "a'b", "a\\", "a`", "a-b", "a.b", "ü", "a\0", "a:b", &long] {
        assert_eq!(Login::new(user, PASSWORD), Err(InvalidSecret::User), "{user}");
    }
    assert!(Login::new("a".repeat(32), PASSWORD).is_ok());
    for end in ["'", "\"", "\\", " ", "\n", ":", "ü", "\0", "?", "!"] {
        let password = format!("{PASSWORD}{end}");
        assert_eq!(Login::new("a", password), Err(InvalidSecret::Password), "{end}");
    }
    for (length, is_valid) in [(0, false), (15, false), (16, true), (128, true), (129, false)] {
        assert_eq!(Login::new("a", "a".repeat(length)).is_ok(), is_valid, "{length}");
    }
}

#[test]
fn messages_and_debug_output_do_not_have_the_password() {
    let login = Login::new("rowgate_writer", PASSWORD).unwrap();
    assert_eq!(format!("{login:?}"), r#"Login { user: "rowgate_writer", .. }"#);
    let text = format!("syntax error near 'BY '{PASSWORD}''");
    assert_eq!(login.without_password(&text), "syntax error near 'BY '…''");
    let wrong = Login::new("a", format!("{PASSWORD}'")).unwrap_err();
    assert_eq!(wrong.to_string(), "its `password` has to be 16 to 128 letters (A to Z, a to z) and digits");
}
