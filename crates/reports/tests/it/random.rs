//! Both reports of the repository's own folder against a second computation, in Rust, over random
//! data.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::support::Api;
use crate::support::hr::{ABOVE_MEAN, HIRES};

const ROUNDS: u64 = 12;
const YEARS: std::ops::RangeInclusive<i32> = 2019..=2022;

/// The seconds on which something begins or ends.
const EDGES: [&str; 6] = [
    "01-01 00:00:00",
    "03-31 23:59:59",
    "04-01 00:00:00",
    "09-30 23:59:59",
    "10-01 00:00:00",
    "12-31 23:59:59",
];

struct Employee {
    year: i32,
    quarter: usize,
    department: Option<i32>,
    job: Option<i32>,
}

struct Company {
    departments: BTreeMap<i32, String>,
    jobs: BTreeMap<i32, String>,
    employees: Vec<Employee>,
}

/// A company with some names twice, some references that lead nowhere, some years without a hire.
async fn company(api: &Api, random: &mut Rng) -> Company {
    api.sql(&["TRUNCATE TABLE departments", "TRUNCATE TABLE jobs", "TRUNCATE TABLE employees"]).await;
    let mut names = |prefix: &str, most: i32| -> BTreeMap<i32, String> {
        let last = random.i32(1..=most);
        (1..=last)
            .filter_map(|id| {
                let name = format!("{prefix} {}", random.char('A'..='M'));
                (random.u8(..10) > 0).then_some((id, name))
            })
            .collect()
    };
    let (departments, jobs) = (names("Unit", 14), names("Job", 20));
    for (table, names) in [("departments", &departments), ("jobs", &jobs)] {
        for (id, name) in names {
            api.sql(&[&format!("INSERT INTO {table} VALUES ({id}, '{name}')")]).await;
        }
    }
    let mut employees = Vec::new();
    let mut values = Vec::new();
    for _ in 0..random.usize(0..1200) {
        let year = random.i32(YEARS);
        let moment = if random.u8(..4) == 0 {
            (*random.choice(EDGES.iter()).unwrap()).to_owned()
        } else {
            let (month, day) = (random.u8(1..=12), random.u8(1..=28));
            format!(
                "{month:02}-{day:02} {:02}:{:02}:{:02}",
                random.u8(..24),
                random.u8(..60),
                random.u8(..60)
            )
        };
        let month: usize = moment[..2].parse().unwrap();
        // Squared, so that departments differ; beyond the last one, there is none.
        let mut reference = |most: f64| {
            let id = 1 + (random.f64() * random.f64() * most) as i32;
            (random.u8(..20) > 0).then_some(id)
        };
        let employee =
            Employee { year, quarter: (month - 1) / 3, department: reference(16.0), job: reference(22.0) };
        let id = |id: Option<i32>| id.map_or("NULL".to_owned(), |id| id.to_string());
        values.push(format!("('x', '{year}-{moment}', {}, {})", id(employee.department), id(employee.job)));
        employees.push(employee);
    }
    for chunk in values.chunks(500) {
        let insert = format!(
            "INSERT INTO employees (name, datetime, department_id, job_id) VALUES {}",
            chunk.join(",")
        );
        api.sql(&[&insert]).await;
    }
    Company { departments, jobs, employees }
}

impl Company {
    fn hires_by_quarter(&self, year: i32) -> Vec<Value> {
        let mut groups: BTreeMap<(&str, &str, i32, i32), [u32; 4]> = BTreeMap::new();
        for employee in self.employees.iter().filter(|employee| employee.year == year) {
            let (Some(department_id), Some(job_id)) = (employee.department, employee.job) else { continue };
            if let (Some(department), Some(job)) =
                (self.departments.get(&department_id), self.jobs.get(&job_id))
            {
                groups.entry((department, job, department_id, job_id)).or_default()[employee.quarter] += 1;
            }
        }
        groups
            .into_iter()
            .map(|((department, job, ..), [q1, q2, q3, q4])| {
                json!({ "department": department, "job": job, "q1": q1, "q2": q2, "q3": q3, "q4": q4 })
            })
            .collect()
    }

    fn count(&self, department: i32, year: Option<i32>) -> usize {
        self.employees
            .iter()
            .filter(|one| one.department == Some(department) && year.is_none_or(|year| one.year == year))
            .count()
    }

    fn departments_above_mean(&self, year: i32, all: bool) -> Vec<Value> {
        let in_year: Vec<usize> = self
            .departments
            .keys()
            .map(|id| self.count(*id, Some(year)))
            .filter(|count| *count > 0)
            .collect();
        let mean = in_year.iter().sum::<usize>() as f64 / in_year.len() as f64;
        let mut above: Vec<(usize, i32, &str)> = self
            .departments
            .iter()
            .map(|(id, name)| (self.count(*id, (!all).then_some(year)), *id, name.as_str()))
            // Without a hire in the year the mean is no number, and nothing is above it.
            .filter(|(count, ..)| *count as f64 > mean)
            .collect();
        above.sort_by_key(|(count, id, _)| (std::cmp::Reverse(*count), *id));
        above
            .into_iter()
            .map(|(hired, id, department)| json!({ "id": id, "department": department, "hired": hired }))
            .collect()
    }
}

#[tokio::test]
async fn both_reports_agree_with_a_second_computation() {
    let api = Api::of_hr().await;
    let mut rows = 0;
    for seed in 0..ROUNDS {
        let mut random = Rng::with_seed(seed);
        let company = company(&api, &mut random).await;
        for year in [2018, 2019, 2020, 2021, 2022] {
            let found = api.get(&format!("{HIRES}?year={year}")).await.json()["rows"].take();
            rows += found.as_array().unwrap().len();
            assert_eq!(found, Value::from(company.hires_by_quarter(year)), "seed {seed}, {year}");
            for scope in ["year", "all"] {
                let path = format!("{ABOVE_MEAN}?year={year}&scope={scope}");
                let found = api.get(&path).await.json()["rows"].take();
                rows += found.as_array().unwrap().len();
                let expected = company.departments_above_mean(year, scope == "all");
                assert_eq!(found, Value::from(expected), "seed {seed}, {year}, {scope}");
            }
        }
    }
    assert!(rows > 1000, "the data make the reports say something: {rows} rows");
}
