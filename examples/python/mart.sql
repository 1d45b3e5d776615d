-- Sales by day and country, from the newest state of each order. Cancelled orders do not count.
SELECT CAST(updated_at AS DATE) AS day, country, count(*) AS orders, sum(amount) AS amount
FROM (
    SELECT id, first(updated_at) AS updated_at, first(country) AS country, first(status) AS status, first(amount) AS amount
    FROM (SELECT * FROM staging ORDER BY updated_at DESC)
    GROUP BY id
)
WHERE status <> 'cancelled'
GROUP BY day, country
ORDER BY day, country
