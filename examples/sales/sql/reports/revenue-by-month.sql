/*
title = "Revenue by month and category"
description = """
What was sold in each month of a year (UTC), in euros, by the category of the product. Months without a sale are left out."""

parameters = [
    { name = "year", type = "integer", default = 2025, minimum = 1000, maximum = 9999, description = "The year of the sales." },
]
columns = [
    { name = "month", type = "string", description = "The month, as 2025-01." },
    { name = "chairs", type = "decimal", description = "Revenue of chairs." },
    { name = "desks", type = "decimal", description = "Revenue of desks." },
    { name = "lighting", type = "decimal", description = "Revenue of lighting." },
    { name = "storage", type = "decimal", description = "Revenue of storage." },
    { name = "total", type = "decimal", description = "Revenue of all categories." },
]
tables = ["products", "sales", "sales_items"]
chart = { kind = "bar", x = "month", series = ["chairs", "desks", "lighting", "storage"], stacked = true }
*/
SELECT
    r.month,
    SUM(CASE WHEN r.category = 'chairs' THEN r.revenue ELSE 0 END) AS chairs,
    SUM(CASE WHEN r.category = 'desks' THEN r.revenue ELSE 0 END) AS desks,
    SUM(CASE WHEN r.category = 'lighting' THEN r.revenue ELSE 0 END) AS lighting,
    SUM(CASE WHEN r.category = 'storage' THEN r.revenue ELSE 0 END) AS storage,
    SUM(r.revenue) AS total
FROM (
    SELECT
        DATE_FORMAT(s.sold_at, '%Y-%m') AS month,
        p.category,
        i.quantity * i.unit_price AS revenue
    FROM sales AS s
    JOIN sales_items AS i ON i.sale_id = s.id
    JOIN products AS p ON p.sku = i.sku
    -- The bare column between two constants, so that the index on sold_at can serve it. The end of
    -- the year itself rather than the start of the next one, because after 9999 there is none.
    WHERE s.sold_at BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
        AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6))
) AS r
GROUP BY r.month
ORDER BY r.month
