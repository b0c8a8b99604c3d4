/*
title = "Products never sold"
description = """
The products that are in no sale, those that have been for sale the longest first: what a sales lead takes out of the catalogue, \
or off the price."""

parameters = [
    { name = "category", type = "string", default = "all", values = ["all", "chairs", "desks", "lighting", "storage"], description = "The products that are looked at." },
]
columns = [
    { name = "sku", type = "string", description = "The article number." },
    { name = "product", type = "string", description = "What the product is called." },
    { name = "category", type = "string", description = "Its category." },
    { name = "list_price", type = "decimal", description = "The price without a discount, in euros." },
    { name = "introduced_on", type = "date", description = "The first day on which it could be bought." },
]
tables = ["products", "sales_items"]
*/
SELECT
    p.sku,
    p.product_name AS product,
    p.category,
    p.list_price,
    p.introduced_on
FROM products AS p
WHERE (:category = 'all' OR p.category = :category)
    AND NOT EXISTS (SELECT 1 FROM sales_items AS i WHERE i.sku = p.sku)
ORDER BY p.introduced_on, p.sku
