/*
title = "References that name no row"
description = """
Each value of a reference that names no row, with how many rows have it: what a careful analyst looks for before counting by \
department or job. Reports leave these rows out."""
key = ["table_name", "column_name", "value"]

columns = [
    { name = "table_name", type = "string", description = "The table that has the reference." },
    { name = "column_name", type = "string", description = "The column that has the reference." },
    { name = "value", type = "integer", description = "What names no row." },
    { name = "row_count", type = "bigint", description = "How many rows have it." },
    { name = "first_id", type = "integer", description = "The lowest id of those rows." },
    { name = "last_id", type = "integer", description = "The highest id of those rows." },
]
*/
SELECT
    'employees' AS table_name,
    'department_id' AS column_name,
    department_id AS value,
    count(*) AS row_count,
    min(id) AS first_id,
    max(id) AS last_id
FROM employees
WHERE NOT _department_id_found
GROUP BY department_id
UNION ALL
SELECT
    'employees' AS table_name,
    'job_id' AS column_name,
    job_id AS value,
    count(*) AS row_count,
    min(id) AS first_id,
    max(id) AS last_id
FROM employees
WHERE NOT _job_id_found
GROUP BY job_id
