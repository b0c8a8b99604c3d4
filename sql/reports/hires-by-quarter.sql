/*
title = "Hires by department, job and quarter"
description = """
How many people each department hired for each job in each quarter of a year (UTC). Departments and jobs without a hire \
in that year are left out, and so are employees without a matching department or job. Ordered by department, then job."""

parameters = [
    { name = "year", type = "integer", default = 2021, minimum = 1000, maximum = 9999, description = "The year of the hires." },
]
columns = [
    { name = "department", type = "string", description = "What the department is called." },
    { name = "job", type = "string", description = "What the job is called." },
    { name = "q1", type = "integer", description = "Hires from January to March." },
    { name = "q2", type = "integer", description = "Hires from April to June." },
    { name = "q3", type = "integer", description = "Hires from July to September." },
    { name = "q4", type = "integer", description = "Hires from October to December." },
]
tables = ["departments", "jobs", "employees"]
chart = { kind = "bar", x = "department", series = ["q1", "q2", "q3", "q4"], stacked = true }
*/
SELECT
    d.department_name AS department,
    j.job_name AS job,
    h.q1,
    h.q2,
    h.q3,
    h.q4
FROM (
    -- Counted by id before any name is looked up: one look-up for each group instead of one for
    -- each employee. COUNT, because it gives a BIGINT where SUM would give a DECIMAL.
    SELECT
        e.department_id,
        e.job_id,
        COUNT(CASE WHEN QUARTER(e.datetime) = 1 THEN 1 END) AS q1,
        COUNT(CASE WHEN QUARTER(e.datetime) = 2 THEN 1 END) AS q2,
        COUNT(CASE WHEN QUARTER(e.datetime) = 3 THEN 1 END) AS q3,
        COUNT(CASE WHEN QUARTER(e.datetime) = 4 THEN 1 END) AS q4
    FROM employees AS e
    -- The bare column between two constants, which no row has to compute and which an index on
    -- datetime could serve. The end of the year itself rather than the start of the next one,
    -- because after 9999 there is none.
    WHERE e.datetime BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
        AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6))
    GROUP BY e.department_id, e.job_id
) AS h
-- An inner join in this order: counted once, then named. Left to itself MariaDB may count anew for
-- each department, by its index, where it does not know yet how many rows a table has that was just
-- loaded; that takes five times as long.
STRAIGHT_JOIN departments AS d ON d.id = h.department_id
STRAIGHT_JOIN jobs AS j ON j.id = h.job_id
-- The ids make the order the same every time where two departments or jobs have one name.
ORDER BY d.department_name, j.job_name, d.id, j.id
