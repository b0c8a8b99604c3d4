/*
title = "Best clients"
description = """
The clients that bought the most in a year (UTC), by revenue, most first. Clients of the same revenue share a place, so there may \
be a few more than asked for."""

parameters = [
    { name = "year", type = "integer", default = 2025, minimum = 1000, maximum = 9999, description = "The year of the sales." },
    { name = "places", type = "integer", default = 10, minimum = 1, maximum = 1000, description = "The last place that is shown." },
]
columns = [
    { name = "place", type = "integer", description = "The place, from 1." },
    { name = "client", type = "string", description = "First and last name." },
    { name = "company", type = "string", description = "The company, if there is one." },
    { name = "region", type = "string", description = "The sales region." },
    { name = "sales", type = "integer", description = "How many sales." },
    { name = "revenue", type = "decimal", description = "What they came to, in euros." },
    { name = "client_id", type = "string", description = "Identifies the client." },
]
tables = ["clients", "sales", "sales_items"]
chart = { kind = "bar", x = "client", series = ["revenue"] }
*/
SELECT
    b.place,
    CONCAT(c.first_name, ' ', c.last_name) AS client,
    c.company,
    c.region,
    b.sales,
    b.revenue,
    c.id AS client_id
FROM (
    SELECT
        r.client_id,
        r.sales,
        r.revenue,
        RANK() OVER (ORDER BY r.revenue DESC) AS place
    FROM (
        SELECT
            s.client_id,
            COUNT(DISTINCT s.id) AS sales,
            SUM(i.quantity * i.unit_price) AS revenue
        FROM sales AS s
        JOIN sales_items AS i ON i.sale_id = s.id
        WHERE s.sold_at BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
            AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6))
        GROUP BY s.client_id
    ) AS r
) AS b
JOIN clients AS c ON c.id = b.client_id
WHERE b.place <= :places
ORDER BY b.place, c.id
