/*
title = "Hires by department, job and quarter"
description = """
How many people each department hired for each job in each quarter of every year (UTC). Years, departments and jobs without a \
hire are left out, and so are employees without a matching department or job. The report hires-by-quarter, for all years."""
key = ["year", "department_id", "job_id"]

columns = [
    { name = "year", type = "integer", description = "The year of the hires." },
    { name = "department_id", type = "integer", description = "Identifies the department." },
    { name = "department", type = "string", description = "What the department is called." },
    { name = "job_id", type = "integer", description = "Identifies the job." },
    { name = "job", type = "string", description = "What the job is called." },
    { name = "q1", type = "bigint", description = "Hires from January to March." },
    { name = "q2", type = "bigint", description = "Hires from April to June." },
    { name = "q3", type = "bigint", description = "Hires from July to September." },
    { name = "q4", type = "bigint", description = "Hires from October to December." },
]
expectations = [
    { name = "somebody was hired", rule = "q1 + q2 + q3 + q4 > 0", action = "stop" },
]
*/
SELECT
    h.year,
    h.department_id,
    d.department_name AS department,
    h.job_id,
    j.job_name AS job,
    h.q1,
    h.q2,
    h.q3,
    h.q4
FROM (
    -- Counted by id before any name is looked up.
    SELECT
        year(e.datetime) AS year,
        e.department_id,
        e.job_id,
        count(CASE WHEN quarter(e.datetime) = 1 THEN 1 END) AS q1,
        count(CASE WHEN quarter(e.datetime) = 2 THEN 1 END) AS q2,
        count(CASE WHEN quarter(e.datetime) = 3 THEN 1 END) AS q3,
        count(CASE WHEN quarter(e.datetime) = 4 THEN 1 END) AS q4
    FROM employees AS e
    GROUP BY year(e.datetime), e.department_id, e.job_id
) AS h
JOIN departments AS d ON d.id = h.department_id
JOIN jobs AS j ON j.id = h.job_id
