/*
title = "Files by collection, tag and quarter"
description = """
How many documents were filed in each collection with each tag in each quarter of a year (UTC). Ordered by collection, \
then tag."""

parameters = [
    { name = "year", type = "integer", default = 2021, minimum = 1000, maximum = 9999, description = "The year of the files." },
]
columns = [
    { name = "collection", type = "string", description = "What the collection is called." },
    { name = "tag", type = "string", description = "What the tag is called." },
    { name = "q1", type = "integer", description = "Filed from January to March." },
    { name = "q2", type = "integer", description = "Filed from April to June." },
    { name = "q3", type = "integer", description = "Filed from July to September." },
    { name = "q4", type = "integer", description = "Filed from October to December." },
]
tables = ["collections", "tags", "documents"]
chart = { kind = "bar", x = "collection", series = ["q1", "q2", "q3", "q4"], stacked = true }
*/
SELECT
    c.collection_name AS collection,
    t.tag_name AS tag,
    COUNT(CASE WHEN QUARTER(d.datetime) = 1 THEN 1 END) AS q1,
    COUNT(CASE WHEN QUARTER(d.datetime) = 2 THEN 1 END) AS q2,
    COUNT(CASE WHEN QUARTER(d.datetime) = 3 THEN 1 END) AS q3,
    COUNT(CASE WHEN QUARTER(d.datetime) = 4 THEN 1 END) AS q4
FROM documents AS d
INNER JOIN collections AS c ON c.id = d.collection_id
INNER JOIN tags AS t ON t.id = d.tag_id
WHERE d.datetime BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
    AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6))
GROUP BY c.id, c.collection_name, t.id, t.tag_name
ORDER BY c.collection_name, t.tag_name, c.id, t.id
