/*
title = "Collections that grew more than the mean"
description = """
The collections in which more documents were filed than the mean of the collections in which any was filed in that year \
(UTC), most first; where two grew as much, the lower id first. Documents without a matching collection do not count."""

parameters = [
    { name = "year", type = "integer", default = 2021, minimum = 1000, maximum = 9999, description = "The year of the mean." },
    { name = "scope", type = "string", default = "year", values = ["year", "all"], description = """
What is counted for each collection: `year`, what was filed in that year; `all`, all that it has.""" },
]
columns = [
    { name = "id", type = "integer", description = "Identifies the collection." },
    { name = "collection", type = "string", description = "What the collection is called." },
    { name = "filed", type = "integer", description = "How many documents were filed in it." },
]
tables = ["collections", "documents"]
chart = { kind = "bar", x = "collection", series = ["filed"] }
*/
SELECT
    c.id,
    c.collection_name AS collection,
    f.filed
FROM (
    SELECT
        d.collection_id,
        COUNT(*) AS filed
    FROM documents AS d
    WHERE :scope = 'all'
        OR d.datetime BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
        AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6))
    GROUP BY d.collection_id
) AS f
INNER JOIN collections AS c ON c.id = f.collection_id
WHERE f.filed > (
    SELECT COUNT(*) / COUNT(DISTINCT known.id)
    FROM documents AS d
    INNER JOIN collections AS known ON known.id = d.collection_id
    WHERE d.datetime BETWEEN CAST(CONCAT(:year, '-01-01 00:00:00') AS DATETIME(6))
        AND CAST(CONCAT(:year, '-12-31 23:59:59.999999') AS DATETIME(6))
)
ORDER BY f.filed DESC, c.id
