/*
title = "Departments that hired more than the mean"
description = """
The departments that hired more people than the mean of the departments that hired in that year (UTC), most first; where \
two hired as many, the lower id first. Employees without a matching department do not count. In a year without hires \
there is no mean, and no department is above it."""

parameters = [
    { name = "year", type = "integer", default = 2021, minimum = 1000, maximum = 9999, description = "The year of the mean." },
    { name = "scope", type = "string", default = "year", values = ["year", "all"], description = """
What is counted for each department: `year`, its hires of that year; `all`, every hire it ever made.""" },
]
columns = [
    { name = "id", type = "integer", description = "Identifies the department." },
    { name = "department", type = "string", description = "What the department is called." },
    { name = "hired", type = "integer", description = "How many people it hired." },
]
tables = ["departments", "employees"]
chart = { kind = "bar", x = "department", series = ["hired"] }
*/
SELECT
    c.id,
    c.department,
    c.hired
FROM (
    -- Both totals go along with every department, which spares counting twice. A department without
    -- a hire in the year is no part of the mean: NULLIF keeps it from being counted.
    SELECT
        d.id,
        d.department_name AS department,
        h.hired,
        SUM(h.hired_in_year) OVER () AS all_in_year,
        COUNT(NULLIF(h.hired_in_year, 0)) OVER () AS departments_in_year
    FROM (
        -- One scan counts both. SQL_BIG_RESULT, because MySQL would count along the index of
        -- department_id, with a look-up for each row: four times as long for four million rows. The
        -- scope is a constant when the plan is made, so the OR goes away and what is left for a
        -- year is the bare column between two constants, as an index on datetime could serve it.
        SELECT SQL_BIG_RESULT
            e.department_id,
            COUNT(*) AS hired,
            COUNT(
                CASE WHEN e.datetime BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
                    AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6)) THEN 1 END
            ) AS hired_in_year
        FROM employees AS e
        WHERE :scope = 'all'
            OR e.datetime BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
            AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6))
        GROUP BY e.department_id
    ) AS h
    -- An inner join in this order, as in hires-by-quarter.sql.
    STRAIGHT_JOIN departments AS d ON d.id = h.department_id
) AS c
-- hired > all_in_year / departments_in_year without a division, whose result MySQL would round to
-- four decimals.
WHERE c.hired * c.departments_in_year > c.all_in_year
ORDER BY c.hired DESC, c.id
