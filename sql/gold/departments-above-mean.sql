/*
title = "Departments that hired more than the mean"
description = """
For every year (UTC), the departments that hired more people than the mean of the departments that hired in that year; employees \
without a matching department do not count. The report departments-above-mean, for all years and both scopes."""
key = ["scope", "year", "id"]

columns = [
    { name = "scope", type = "string", description = "What is counted: `year`, the hires of the year; `all`, every hire there was." },
    { name = "year", type = "integer", description = "The year of the mean." },
    { name = "id", type = "integer", description = "Identifies the department." },
    { name = "department", type = "string", description = "What the department is called." },
    { name = "hired", type = "bigint", description = "How many people it hired." },
]
*/
WITH hires AS (
    SELECT
        year(e.datetime) AS year,
        d.id,
        d.department_name AS department,
        count(*) AS hired
    FROM employees AS e
    JOIN departments AS d ON d.id = e.department_id
    GROUP BY year(e.datetime), d.id, d.department_name
),

means AS (
    SELECT
        year,
        sum(hired) AS all_in_year,
        count(*) AS departments_in_year
    FROM hires
    GROUP BY year
),

totals AS (
    SELECT
        id,
        department,
        sum(hired) AS hired
    FROM hires
    GROUP BY id, department
)

-- hired > all_in_year / departments_in_year without a division, which would round.
SELECT
    'year' AS scope,
    h.year,
    h.id,
    h.department,
    h.hired
FROM hires AS h
JOIN means AS m ON m.year = h.year
WHERE h.hired * m.departments_in_year > m.all_in_year
UNION ALL
SELECT
    'all' AS scope,
    m.year,
    t.id,
    t.department,
    t.hired
FROM means AS m
JOIN totals AS t ON t.hired * m.departments_in_year > m.all_in_year
