/*
title = "Sales people against the mean"
description = """
What each sales person sold in a year (UTC), and how far that is above or below the mean of all who were there in that year, most \
first. Who sold nothing counts as well; sales of the web shop count for nobody."""

parameters = [
    { name = "year", type = "integer", default = 2025, minimum = 1000, maximum = 9999, description = "The year of the sales." },
]
columns = [
    { name = "id", type = "integer", description = "Identifies the sales person." },
    { name = "name", type = "string", description = "First and last name." },
    { name = "region", type = "string", description = "The region that the person sells in." },
    { name = "revenue", type = "decimal", description = "What the person sold, in euros." },
    { name = "mean", type = "decimal", description = "The mean of all, in euros." },
    { name = "difference", type = "decimal", description = "Revenue less mean: negative below the mean." },
]
tables = ["sales", "sales_items", "sales_people"]
chart = { kind = "bar", x = "name", series = ["revenue", "mean"] }
*/
SELECT
    m.id,
    m.name,
    m.region,
    m.revenue,
    m.mean,
    m.revenue - m.mean AS difference
FROM (
    SELECT
        p.id,
        p.name,
        p.region,
        COALESCE(r.revenue, 0) AS revenue,
        CAST(AVG(COALESCE(r.revenue, 0)) OVER () AS DECIMAL(38, 2)) AS mean
    FROM sales_people AS p
    LEFT JOIN (
        SELECT
            s.sales_person_id,
            SUM(i.quantity * i.unit_price) AS revenue
        FROM sales AS s
        JOIN sales_items AS i ON i.sale_id = s.id
        WHERE s.sold_at BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
            AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6))
        GROUP BY s.sales_person_id
    ) AS r ON r.sales_person_id = p.id
    WHERE p.started_on <= CAST(CONCAT(:year, '-12-31') AS DATE)
        AND (p.left_on IS NULL OR p.left_on >= CAST(CONCAT(:year, '-01-01') AS DATE))
) AS m
ORDER BY m.revenue DESC, m.id
