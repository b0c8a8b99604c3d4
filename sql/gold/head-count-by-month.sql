/*
title = "Head count by month"
description = """
For each month from the first hire to the last (UTC): how many people were hired in it, and how many of those that are employed \
now had been hired by its end. The database has no date on which somebody left."""
key = ["month"]

columns = [
    { name = "month", type = "date", description = "The first day of the month." },
    { name = "hired", type = "bigint", description = "Hires in the month." },
    { name = "head_count", type = "bigint", description = "Hires up to the month's end." },
]
expectations = [
    { name = "the head count never falls below a month's hires", rule = "head_count >= hired", action = "stop" },
]
*/
WITH hires AS (
    SELECT
        CAST(trunc(datetime, 'MM') AS DATE) AS month,
        count(*) AS hired
    FROM employees
    GROUP BY CAST(trunc(datetime, 'MM') AS DATE)
),

bounds AS (
    SELECT
        min(month) AS first_month,
        max(month) AS last_month
    FROM hires
),

months AS (
    SELECT explode(sequence(first_month, last_month, INTERVAL 1 MONTH)) AS month
    FROM bounds
)

SELECT
    m.month,
    coalesce(h.hired, CAST(0 AS BIGINT)) AS hired,
    sum(coalesce(h.hired, CAST(0 AS BIGINT))) OVER (
        ORDER BY m.month ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS head_count
FROM months AS m
LEFT JOIN hires AS h ON h.month = m.month
