//! The results of the two reports of the repository's own folder.

use crate::support::Api;
use crate::support::hr::{ABOVE_MEAN, HIRES};

const NONE: [&str; 0] = [];

async fn with_tables() -> Api {
    let api = Api::of_hr().await;
    api.sql(&[
        "INSERT INTO departments VALUES (1, 'Sales'), (2, 'Legal'), (3, 'Support'), (4, 'Idle')",
        "INSERT INTO jobs VALUES (1, 'Clerk'), (2, 'Advisor')",
    ])
    .await;
    api
}

#[tokio::test]
async fn empty_tables_give_no_rows() {
    let api = Api::of_hr().await;
    assert_eq!(api.get(HIRES).await.rows(), NONE);
    for scope in ["year", "all"] {
        assert_eq!(api.get(&format!("{ABOVE_MEAN}?scope={scope}")).await.rows(), NONE);
    }
    assert_eq!(api.csv(HIRES).await.body, "department,job,q1,q2,q3,q4\r\n");
}

#[tokio::test]
async fn a_year_without_hires_has_no_mean() {
    let api = with_tables().await;
    api.sql(&["INSERT INTO employees VALUES (1, 'A', '2021-05-05 00:00:00', 1, 1)"]).await;
    assert_eq!(api.get(&format!("{HIRES}?year=2020")).await.rows(), NONE);
    for scope in ["year", "all"] {
        assert_eq!(api.get(&format!("{ABOVE_MEAN}?year=2020&scope={scope}")).await.rows(), NONE);
    }
}

#[tokio::test]
async fn a_year_begins_and_ends_on_the_second() {
    let api = with_tables().await;
    api.sql(&["INSERT INTO employees (name, datetime, department_id, job_id) VALUES \
         ('A', '2020-12-31 23:59:59', 1, 1), ('B', '2021-01-01 00:00:00', 1, 1), ('C', '2021-03-31 23:59:59', 1, 1), \
         ('D', '2021-04-01 00:00:00', 1, 1), ('E', '2021-06-30 23:59:59', 1, 1), ('F', '2021-07-01 00:00:00', 1, 1), \
         ('G', '2021-09-30 23:59:59', 1, 1), ('H', '2021-10-01 00:00:00', 1, 1), ('I', '2021-12-31 23:59:59', 1, 1), \
         ('J', '2022-01-01 00:00:00', 1, 1), ('K', '2024-02-29 12:00:00', 1, 1), \
         ('L', '1000-01-01 00:00:00', 1, 1), ('M', '9999-12-31 23:59:59', 1, 1)"])
        .await;
    for (year, quarters) in [
        (2020, r#""q1":0,"q2":0,"q3":0,"q4":1"#),
        (2021, r#""q1":2,"q2":2,"q3":2,"q4":2"#),
        (2022, r#""q1":1,"q2":0,"q3":0,"q4":0"#),
        (2024, r#""q1":1,"q2":0,"q3":0,"q4":0"#),
        (1000, r#""q1":1,"q2":0,"q3":0,"q4":0"#),
        (9999, r#""q1":0,"q2":0,"q3":0,"q4":1"#),
    ] {
        let rows = api.get(&format!("{HIRES}?year={year}")).await.rows();
        assert_eq!(rows, [format!(r#"{{"department":"Sales","job":"Clerk",{quarters}}}"#)], "{year}");
    }
}

#[tokio::test]
async fn employees_without_department_or_job_do_not_count() {
    let api = with_tables().await;
    api.sql(&["INSERT INTO employees (name, datetime, department_id, job_id) VALUES \
         ('A', '2021-01-02 00:00:00', 1, 1), ('B', '2021-01-02 00:00:00', 1, NULL), ('C', '2021-01-02 00:00:00', 1, 77), \
         ('D', '2021-01-02 00:00:00', NULL, 1), ('E', '2021-01-02 00:00:00', 99, 1), ('F', '2021-01-02 00:00:00', 99, 1), \
         ('G', '2021-01-02 00:00:00', 99, 1), ('H', '2021-01-02 00:00:00', 99, 1), ('I', '2021-01-02 00:00:00', 2, 1)"])
        .await;
    assert_eq!(
        api.get(HIRES).await.rows(),
        [
            r#"{"department":"Legal","job":"Clerk","q1":1,"q2":0,"q3":0,"q4":0}"#,
            r#"{"department":"Sales","job":"Clerk","q1":1,"q2":0,"q3":0,"q4":0}"#,
        ]
    );
    // Sales 3 and Legal 1, mean 2: the four of department 99, which does not exist, are in neither.
    assert_eq!(api.get(ABOVE_MEAN).await.rows(), [r#"{"id":1,"department":"Sales","hired":3}"#]);
}

#[tokio::test]
async fn equal_departments_are_not_above_their_mean() {
    let api = with_tables().await;
    api.sql(&["INSERT INTO employees (name, datetime, department_id) VALUES \
         ('A', '2021-01-02 00:00:00', 1), ('B', '2021-01-02 00:00:00', 2), ('C', '2021-01-02 00:00:00', 3)"])
        .await;
    assert_eq!(api.get(ABOVE_MEAN).await.rows(), NONE);
}

#[tokio::test]
async fn ties_come_in_the_order_of_their_ids() {
    let api = with_tables().await;
    api.sql(&["INSERT INTO employees (name, datetime, department_id) VALUES \
         ('A', '2021-01-02 00:00:00', 3), ('B', '2021-01-02 00:00:00', 3), ('C', '2021-01-02 00:00:00', 1), \
         ('D', '2021-01-02 00:00:00', 1), ('E', '2021-01-02 00:00:00', 2)"])
        .await;
    assert_eq!(
        api.get(ABOVE_MEAN).await.rows(),
        [r#"{"id":1,"department":"Sales","hired":2}"#, r#"{"id":3,"department":"Support","hired":2}"#]
    );
}

#[tokio::test]
async fn scope_all_counts_every_hire_against_the_mean_of_the_year() {
    let api = with_tables().await;
    api.sql(&["INSERT INTO employees (name, datetime, department_id) VALUES \
         ('A', '2021-01-02 00:00:00', 1), ('B', '2021-01-02 00:00:00', 1), ('C', '2021-01-02 00:00:00', 1), \
         ('D', '2021-01-02 00:00:00', 2), ('E', '2020-01-02 00:00:00', 2), ('F', '2022-01-02 00:00:00', 2), \
         ('G', '2019-01-02 00:00:00', 4), ('H', '2019-01-02 00:00:00', 4), ('I', '2019-01-02 00:00:00', 4), \
         ('J', '2019-01-02 00:00:00', 4), ('K', '2019-01-02 00:00:00', 3), ('L', '2019-01-02 00:00:00', 3)"])
        .await;
    // 2021: Sales 3, Legal 1; the mean is 2, over these two alone.
    assert_eq!(api.get(ABOVE_MEAN).await.rows(), [r#"{"id":1,"department":"Sales","hired":3}"#]);
    assert_eq!(
        api.get(&format!("{ABOVE_MEAN}?scope=all")).await.rows(),
        [
            r#"{"id":4,"department":"Idle","hired":4}"#,
            r#"{"id":1,"department":"Sales","hired":3}"#,
            r#"{"id":2,"department":"Legal","hired":3}"#,
        ]
    );
}

#[tokio::test]
async fn departments_of_one_name_stay_two() {
    let api = with_tables().await;
    api.sql(&[
        "INSERT INTO departments VALUES (9, 'SALES')",
        "INSERT INTO employees (name, datetime, department_id, job_id) VALUES \
         ('A', '2021-01-02 00:00:00', 9, 1), ('B', '2021-01-02 00:00:00', 1, 1)",
    ])
    .await;
    assert_eq!(
        api.get(HIRES).await.rows(),
        [
            r#"{"department":"Sales","job":"Clerk","q1":1,"q2":0,"q3":0,"q4":0}"#,
            r#"{"department":"SALES","job":"Clerk","q1":1,"q2":0,"q3":0,"q4":0}"#,
        ]
    );
}
