/*
title = "Revenue by month, category and region"
description = """
What was sold in each month (UTC), by the category of the product and the region of the client, in euros."""
key = ["month", "category", "region"]

columns = [
    { name = "month", type = "date", description = "The first day of the month." },
    { name = "category", type = "string", description = "The category of the product." },
    { name = "region", type = "string", description = "The region of the client." },
    { name = "sales", type = "bigint", description = "Sales that have such a line." },
    { name = "quantity", type = "bigint", description = "Pieces." },
    { name = "revenue", type = "decimal(38,2)", description = "Quantity times price, summed up, in euros." },
]
expectations = [
    { name = "revenue is not negative", rule = "revenue >= 0", action = "stop" },
]
*/
SELECT
    CAST(trunc(s.sold_at, 'MM') AS DATE) AS month,
    p.category,
    c.region,
    count(DISTINCT s.id) AS sales,
    sum(i.quantity) AS quantity,
    CAST(sum(i.quantity * i.unit_price) AS DECIMAL(38, 2)) AS revenue
FROM sales_items AS i
JOIN sales AS s ON s.id = i.sale_id
JOIN products AS p ON p.sku = i.sku
JOIN clients AS c ON c.id = s.client_id
GROUP BY CAST(trunc(s.sold_at, 'MM') AS DATE), p.category, c.region
