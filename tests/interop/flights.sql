SELECT count(*) FROM flights
SELECT * FROM flights ORDER BY time_hour, carrier, flight, tailnum LIMIT 20
SELECT carrier, count(*) AS n FROM flights GROUP BY carrier ORDER BY n DESC, carrier
SELECT origin, dest, count(*) AS n, avg(dep_delay) AS d FROM flights GROUP BY origin, dest ORDER BY n DESC, origin, dest LIMIT 25
SELECT month, day, sum(distance) AS s FROM flights GROUP BY month, day ORDER BY month, day
SELECT count(*), count(dep_time), count(arr_delay), count(DISTINCT tailnum) FROM flights
SELECT min(dep_delay), max(dep_delay), min(tailnum), max(tailnum), min(time_hour), max(time_hour) FROM flights
SELECT carrier, count(DISTINCT dest) AS dests, count(DISTINCT tailnum) AS planes FROM flights GROUP BY 1 ORDER BY 1
SELECT * FROM flights WHERE dep_delay > 900 ORDER BY dep_delay DESC, flight
SELECT count(*) FROM flights WHERE dep_delay IS NULL
SELECT count(*) FROM flights WHERE dep_delay IS NOT NULL AND arr_delay IS NULL
SELECT count(*) FROM flights WHERE origin = 'JFK' AND dest <> 'LAX'
SELECT count(*) FROM flights WHERE dest IN ('LAX', 'SFO', 'SEA') AND month BETWEEN 6 AND 8
SELECT count(*) FROM flights WHERE dest NOT IN ('LAX', 'SFO') OR origin = 'EWR'
SELECT count(*) FROM flights WHERE tailnum LIKE 'N1%'
SELECT count(*) FROM flights WHERE tailnum LIKE '%AA'
SELECT count(*) FROM flights WHERE tailnum LIKE 'N_1__A' OR tailnum ILIKE 'n9%w'
SELECT count(*) FROM flights WHERE NOT (dep_delay > 0)
SELECT count(*) FROM flights WHERE (dep_delay > 60) IS TRUE
SELECT count(*) FROM flights WHERE arr_delay IS DISTINCT FROM dep_delay
SELECT DISTINCT origin FROM flights ORDER BY origin
SELECT DISTINCT carrier, origin FROM flights ORDER BY 1, 2
SELECT year, month, count(*) FROM flights GROUP BY ALL ORDER BY ALL
SELECT carrier, avg(arr_delay) AS d FROM flights GROUP BY carrier HAVING count(*) > 10000 ORDER BY d
SELECT carrier, sum(distance) AS s FROM flights GROUP BY carrier HAVING s > 10000000 ORDER BY s DESC
SELECT dest, max(distance) FROM flights GROUP BY dest ORDER BY 2 DESC, 1 LIMIT 10
SELECT dest, max(distance) FROM flights GROUP BY dest ORDER BY 2 DESC, 1 LIMIT 10 OFFSET 10
SELECT flight, tailnum FROM flights WHERE carrier = 'HA' ORDER BY tailnum DESC, flight, time_hour LIMIT 7
SELECT tailnum, count(*) AS n FROM flights GROUP BY tailnum ORDER BY tailnum NULLS FIRST LIMIT 5
SELECT tailnum, count(*) AS n FROM flights GROUP BY tailnum ORDER BY n DESC, tailnum LIMIT 15
SELECT hour, count(*) FILTER (WHERE dep_delay > 30) AS late, count(*) AS n FROM flights GROUP BY hour ORDER BY hour
SELECT sum(CASE WHEN arr_delay > 0 THEN 1 ELSE 0 END) AS late, sum(CASE WHEN arr_delay <= 0 THEN 1 END) AS early FROM flights
SELECT CASE WHEN dep_delay < 0 THEN 'early' WHEN dep_delay < 15 THEN 'on time' WHEN dep_delay IS NULL THEN 'never' ELSE 'late' END AS k, count(*) FROM flights GROUP BY k ORDER BY k
SELECT CASE origin WHEN 'JFK' THEN 'Kennedy' WHEN 'LGA' THEN 'La Guardia' ELSE origin END AS airport, count(*) FROM flights GROUP BY 1 ORDER BY 1
SELECT distance // 500 AS bucket, count(*) FROM flights GROUP BY bucket ORDER BY bucket
SELECT flight % 10 AS last, count(*) FROM flights GROUP BY last ORDER BY last
SELECT month, round(avg(dep_delay), 2) AS d FROM flights GROUP BY month ORDER BY month
SELECT carrier, round(avg(distance / air_time * 60), 1) AS mph FROM flights WHERE air_time > 0 GROUP BY carrier ORDER BY carrier
SELECT floor(dep_delay / 60) AS h, count(*) FROM flights WHERE dep_delay IS NOT NULL GROUP BY 1 ORDER BY 1
SELECT abs(dep_delay), sign(dep_delay), count(*) FROM flights WHERE dep_delay BETWEEN -3 AND 3 GROUP BY 1, 2 ORDER BY 1, 2
SELECT sqrt(distance), ln(distance), distance ** 2 FROM flights WHERE carrier = 'OO' ORDER BY distance, time_hour, flight LIMIT 5
SELECT greatest(dep_delay, arr_delay) AS g, least(dep_delay, arr_delay) AS l FROM flights WHERE carrier = 'OO' ORDER BY time_hour, flight
SELECT coalesce(dep_delay, -999) AS d, nullif(dep_delay, 0) AS z FROM flights WHERE carrier = 'OO' ORDER BY time_hour, flight
SELECT upper(origin) || '-' || lower(dest) AS route, count(*) FROM flights GROUP BY route ORDER BY 2 DESC, 1 LIMIT 10
SELECT left(tailnum, 2) AS p, right(tailnum, 2) AS s, count(*) FROM flights GROUP BY p, s ORDER BY 3 DESC, 1, 2 LIMIT 12
SELECT substr(tailnum, 2, 3) AS mid, count(*) FROM flights GROUP BY mid ORDER BY 2 DESC, 1 LIMIT 10
SELECT length(tailnum) AS l, count(*) FROM flights GROUP BY l ORDER BY l
SELECT replace(tailnum, 'N', '#') AS t FROM flights WHERE carrier = 'HA' GROUP BY t ORDER BY t
SELECT concat(carrier, flight, '/', tailnum) AS c FROM flights WHERE carrier = 'OO' ORDER BY c
SELECT starts_with(tailnum, 'N5') AS s, ends_with(tailnum, 'AA') AS e, contains(tailnum, '77') AS c, count(*) FROM flights GROUP BY ALL ORDER BY ALL
SELECT strpos(tailnum, 'A') AS p, count(*) FROM flights GROUP BY p ORDER BY p
SELECT lpad(CAST(flight AS VARCHAR), 5, '0') AS f, count(*) FROM flights GROUP BY f ORDER BY 2 DESC, 1 LIMIT 10
SELECT reverse(dest) AS r, repeat(carrier, 2) AS c, trim('  ' || origin || ' ') AS o FROM flights WHERE flight = 1 GROUP BY ALL ORDER BY ALL
SELECT year(time_hour) AS y, month(time_hour) AS m, count(*) FROM flights GROUP BY y, m ORDER BY y, m
SELECT dayofweek(time_hour) AS w, hour(time_hour) AS h, count(*) FROM flights GROUP BY w, h ORDER BY w, h
SELECT date_trunc('month', time_hour) AS m, sum(distance) FROM flights GROUP BY m ORDER BY m
SELECT CAST(time_hour AS DATE) AS d, count(*) AS n FROM flights GROUP BY d ORDER BY n DESC, d LIMIT 10
SELECT strftime(time_hour, '%Y-%m') AS ym, count(*) FROM flights GROUP BY ym ORDER BY ym
SELECT count(*) FROM flights WHERE time_hour >= TIMESTAMP '2013-07-04 00:00:00' AND time_hour < TIMESTAMP '2013-07-05 00:00:00'
SELECT make_date(year, month, day) AS d, count(*) FROM flights GROUP BY d ORDER BY d LIMIT 5
SELECT make_date(year, month, day) + INTERVAL 1 MONTH AS d, count(*) FROM flights WHERE day = 31 GROUP BY d ORDER BY d
SELECT date_diff('day', DATE '2013-01-01', make_date(year, month, day)) AS n, count(*) FROM flights GROUP BY n ORDER BY n DESC LIMIT 5
SELECT quarter(time_hour) AS q, week(time_hour) AS w, count(*) FROM flights GROUP BY q, w ORDER BY q, w
SELECT extract(dow FROM time_hour) AS d, extract(doy FROM time_hour) AS n FROM flights GROUP BY ALL ORDER BY 2, 1 LIMIT 10
SELECT stddev(dep_delay), var_pop(arr_delay) FROM flights WHERE carrier = 'UA'
SELECT carrier, bool_and(dep_delay > -60) AS a, bool_or(dep_delay > 900) AS o FROM flights GROUP BY carrier ORDER BY carrier
SELECT CAST(dep_delay AS DECIMAL(10, 2)) * 1.5 AS x, CAST(distance AS DOUBLE) / 3 AS y FROM flights WHERE carrier = 'OO' ORDER BY time_hour, flight
SELECT sum(CAST(distance AS DECIMAL(12, 3)) * 0.125) AS s FROM flights
SELECT CAST(distance AS VARCHAR) AS t, TRY_CAST(tailnum AS INTEGER) AS n FROM flights WHERE carrier = 'OO' ORDER BY time_hour, flight LIMIT 3
SELECT n, count(*) FROM (SELECT tailnum, count(*) AS n FROM flights GROUP BY tailnum) t GROUP BY n ORDER BY n DESC LIMIT 10
SELECT max(n) FROM (SELECT carrier, month, count(*) AS n FROM flights GROUP BY ALL) t
SELECT sum(DISTINCT distance), avg(DISTINCT distance), count(DISTINCT dep_delay) FROM flights
SELECT flight FROM flights LIMIT 3
SELECT carrier, flight FROM flights WHERE dep_delay > 300 LIMIT 5
SELECT count(*) AS n, sum(dep_delay) AS s FROM flights WHERE 1 = 0
SELECT 1 AS a, 'x' AS b, NULL AS c
