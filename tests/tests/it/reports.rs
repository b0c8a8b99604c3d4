//! Reports over rows of a year that only the test uses.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Cloud, Ids, assert_problem, csv_line, employee};

/// Returns the id of the test's nth department or job.
fn place(ids: Ids, index: i64) -> i64 {
    ids.at(index)
}

fn hire(ids: Ids, index: i64, department: i64, job: i64, datetime: &str) -> Value {
    let mut row = employee(ids.at(1000 + index), place(ids, department), datetime);
    row["job_id"] = place(ids, job).into();
    row
}

/// Inserts departments and jobs whose names and ids are ordered differently.
async fn seed(cloud: &Cloud) {
    let ids = cloud.ids;
    let names = ["Delta, \"D\"", "alpha", "Charlie", "Bravo"];
    let departments: Vec<Value> = (0..)
        .zip(names)
        .map(|(index, name)| json!({"id": place(ids, index), "department_name": format!("{name} {}", ids.number)}))
        .collect();
    let jobs: Vec<Value> = (0..2)
        .map(|index| json!({"id": place(ids, index), "job_name": format!("Job {}", 9 - index)}))
        .collect();
    let reply = cloud.api.post("/insert_data", &json!({"departments": departments, "jobs": jobs})).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
}

async fn insert(cloud: &Cloud, rows: &[Value]) {
    let reply = cloud.api.post("/tables/employees/rows", &json!(rows)).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
}

/// Inserts hires at the edges of quarters and years, and some that do not count.
async fn seed_quarters(cloud: &Cloud) {
    seed(cloud).await;
    let (ids, year) = (cloud.ids, cloud.ids.year);
    let rows = [
        hire(ids, 0, 0, 0, &format!("{year}-01-01T00:00:00Z")),
        hire(ids, 1, 0, 0, &format!("{year}-03-31T23:59:59Z")),
        hire(ids, 2, 0, 0, &format!("{year}-04-01T00:00:00Z")),
        hire(ids, 3, 0, 1, &format!("{year}-09-30T23:59:59Z")),
        hire(ids, 4, 0, 1, &format!("{year}-12-31T23:59:59Z")),
        hire(ids, 5, 1, 0, &format!("{year}-10-01T00:00:00Z")),
        hire(ids, 6, 1, 0, &format!("{}-12-31T23:59:59Z", year - 1)),
        hire(ids, 7, 1, 0, &format!("{}-01-01T00:00:00Z", year + 1)),
    ];
    insert(cloud, &rows).await;
    // Only a file brings references to nothing.
    let nobody = 240_000;
    let file = csv_line(&hire(ids, 8, nobody, 0, &format!("{year}-05-05T05:05:05Z")))
        + &csv_line(&hire(ids, 9, 0, nobody, &format!("{year}-05-05T05:05:05Z")));
    let load = cloud.load(&cloud.key("employees", "strangers.csv"), file).await;
    assert_eq!((&load["rows_loaded"], &load["unknown_references"]), (&json!(2), &json!(2)), "{load}");
}

fn expected_quarters(number: i64) -> Value {
    let row = |department: &str, job: &str, [q1, q2, q3, q4]: [i64; 4]| json!({"department": format!("{department} {number}"), "job": job, "q1": q1, "q2": q2, "q3": q3, "q4": q4});
    json!([
        row("alpha", "Job 9", [0, 0, 0, 1]),
        row("Delta, \"D\"", "Job 8", [0, 0, 1, 1]),
        row("Delta, \"D\"", "Job 9", [2, 1, 0, 0]),
    ])
}

#[tokio::test]
async fn counts_the_hires_of_a_year_by_quarter() {
    let cloud = Cloud::connect().await;
    seed_quarters(&cloud).await;
    let year = cloud.ids.year;
    let reply = cloud.api.get(&format!("/reports/hires-by-quarter?year={year}")).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{}", reply.text);
    let expected = json!({
        "report": "hires-by-quarter",
        "parameters": {"year": year},
        "columns": ["department", "job", "q1", "q2", "q3", "q4"],
        "rows": expected_quarters(cloud.ids.number),
    });
    assert_eq!(reply.json(), expected);
    let empty = cloud.api.get(&format!("/reports/hires-by-quarter?year={}", 1000)).await;
    assert_eq!((empty.status, &empty.json()["rows"]), (200, &json!([])));
}

#[tokio::test]
async fn gives_a_report_as_csv() {
    let cloud = Cloud::connect().await;
    seed_quarters(&cloud).await;
    let (year, number) = (cloud.ids.year, cloud.ids.number);
    let expected = [
        "department,job,q1,q2,q3,q4".to_owned(),
        format!("alpha {number},Job 9,0,0,0,1"),
        format!("\"Delta, \"\"D\"\" {number}\",Job 8,0,0,1,1"),
        format!("\"Delta, \"\"D\"\" {number}\",Job 9,2,1,0,0"),
    ];
    let path = format!("/reports/hires-by-quarter?year={year}");
    for accept in ["text/csv", "text/csv, application/json;q=0.5", "application/json;q=0.1, text/csv"] {
        let reply = cloud.api.send(cloud.api.request(Method::GET, &path).header("accept", accept)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(reply.header("content-type").starts_with("text/csv"), "{reply:?}");
        assert_eq!(reply.text.lines().collect::<Vec<_>>(), expected, "{accept}");
    }
    for accept in ["application/json", "*/*", "text/html, application/json;q=0.9, */*;q=0.1"] {
        let reply = cloud.api.send(cloud.api.request(Method::GET, &path).header("accept", accept)).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{accept}");
    }
    let picture = cloud.api.send(cloud.api.request(Method::GET, &path).header("accept", "image/png")).await;
    assert_problem(&picture, 406, "not-acceptable");
}

#[tokio::test]
async fn names_the_departments_above_the_mean() {
    let cloud = Cloud::connect().await;
    seed(&cloud).await;
    let (ids, year) = (cloud.ids, cloud.ids.year);
    let this_year = format!("{year}-06-15T12:00:00Z");
    let next_year = format!("{}-06-15T12:00:00Z", year + 1);
    // 4, 3, 3 and 1 of 4 departments: the mean is 2.75. One of them hired five more in the next
    // year.
    let mut rows = Vec::new();
    for (department, hires) in [(0, 3), (1, 4), (2, 3), (3, 1)] {
        for _ in 0..hires {
            rows.push(hire(ids, i64::try_from(rows.len()).unwrap(), department, 0, &this_year));
        }
    }
    for _ in 0..5 {
        rows.push(hire(ids, i64::try_from(rows.len()).unwrap(), 3, 0, &next_year));
    }
    insert(&cloud, &rows).await;

    let number = ids.number;
    let row = |index: i64, name: &str, hired: i64| json!({"id": place(ids, index), "department": format!("{name} {number}"), "hired": hired});
    let path = format!("/reports/departments-above-mean?year={year}");
    let reply = cloud.api.get(&path).await;
    let expected = json!({
        "report": "departments-above-mean",
        "parameters": {"year": year, "scope": "year"},
        "columns": ["id", "department", "hired"],
        "rows": [row(1, "alpha", 4), row(0, "Delta, \"D\"", 3), row(2, "Charlie", 3)],
    });
    assert_eq!((reply.status, reply.json()), (200, expected));

    let all = cloud.api.get(&format!("{path}&scope=all")).await.json();
    assert_eq!(all["parameters"], json!({"year": year, "scope": "all"}));
    // Of every hire ever made, other tests have some too.
    let ours: Vec<&Value> = all["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| (ids.base..ids.end()).contains(&row["id"].as_i64().unwrap()))
        .collect();
    let expected = [row(3, "Bravo", 6), row(1, "alpha", 4), row(0, "Delta, \"D\"", 3), row(2, "Charlie", 3)];
    assert_eq!(ours, expected.iter().collect::<Vec<_>>());
    let hired: Vec<i64> =
        all["rows"].as_array().unwrap().iter().map(|row| row["hired"].as_i64().unwrap()).collect();
    assert!(hired.is_sorted_by(|a, b| a >= b), "{hired:?}");
}

#[tokio::test]
async fn lists_the_reports_and_their_parameters() {
    let cloud = Cloud::connect().await;
    let reply = cloud.api.get("/reports").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{}", reply.text);
    let body = reply.json();
    let reports = body["reports"].as_array().unwrap();
    for (name, parameters) in
        [("hires-by-quarter", &["year"][..]), ("departments-above-mean", &["year", "scope"][..])]
    {
        let report = reports.iter().find(|report| report["name"] == name).unwrap();
        let names: Vec<&str> = report["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, parameters);
        assert_eq!(report["parameters"][0]["default"], 2021);
    }
}

#[tokio::test]
async fn the_year_is_2021_unless_said_otherwise() {
    let cloud = Cloud::connect().await;
    let reply = cloud.api.get("/reports/hires-by-quarter").await;
    assert_eq!((reply.status, &reply.json()["parameters"]), (200, &json!({"year": 2021})));
}

#[tokio::test]
async fn says_which_parameter_is_wrong() {
    let cloud = Cloud::connect().await;
    for (report, query, parameter) in [
        ("hires-by-quarter", vec![("year", "twenty")], "year"),
        ("hires-by-quarter", vec![("year", "")], "year"),
        ("hires-by-quarter", vec![("year", "-1")], "year"),
        ("hires-by-quarter", vec![("year", "999")], "year"),
        ("hires-by-quarter", vec![("year", "10000")], "year"),
        ("hires-by-quarter", vec![("year", "99999999999999999999")], "year"),
        ("hires-by-quarter", vec![("year", "2021; DROP TABLE employees")], "year"),
        ("hires-by-quarter", vec![("year", "2021' OR '1'='1")], "year"),
        ("hires-by-quarter", vec![("year", "2021"), ("year", "2022")], "year"),
        ("hires-by-quarter", vec![("scope", "all")], "scope"),
        ("hires-by-quarter", vec![("Year", "2021")], "Year"),
        ("departments-above-mean", vec![("scope", "month")], "scope"),
        ("departments-above-mean", vec![("scope", "")], "scope"),
    ] {
        let reply = cloud.api.query(&format!("/reports/{report}"), &query).await;
        assert_problem(&reply, 400, "invalid-parameter");
        let errors = reply.json()["errors"].clone();
        assert_eq!(errors[0]["parameter"], parameter, "{query:?}: {errors}");
        assert!(errors[0]["detail"].as_str().is_some_and(|detail| detail.contains(parameter)), "{errors}");
    }
    let both = cloud.api.query("/reports/departments-above-mean", &[("year", "x"), ("scope", "y")]).await;
    assert_problem(&both, 400, "invalid-parameter");
    assert_eq!(both.json()["errors"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn knows_no_other_report() {
    let cloud = Cloud::connect().await;
    for path in ["/reports/salaries", "/reports/hires_by_quarter", "/reports/..%2Fsecret", "/reports/%27"] {
        assert_problem(&cloud.api.get(path).await, 404, "not-found");
    }
}
