-- columns: request
number, partner_id, application_id, client_id, received_at, happened_at, duration_ms, method, path, query,
status, error, token_mark, request_headers, request_body, response_headers, response_body, skipped

-- name: lock_log
-- Numbers become visible in their order, so that a reader who continues after a number misses none.
SELECT pg_advisory_xact_lock(1246707543)

-- name: insert_requests
-- One row of each position of the arrays: a process writes all requests of a moment at once.
INSERT INTO logged_requests (
       partner_id, application_id, client_id, received_at, happened_at, duration_ms, method, path, query,
       status, error, token_mark, request_headers, request_body, response_headers, response_body, skipped)
SELECT partner_id, application_id, client_id, received_at, happened_at, duration_ms, method, path, query,
       status, error, token_mark, request_headers, request_body, response_headers, response_body, skipped
  FROM unnest(%(partner_id)s::bigint[], %(application_id)s::bigint[], %(client_id)s::text[],
              %(received_at)s::timestamptz[], %(happened_at)s::timestamptz[], %(duration_ms)s::integer[],
              %(method)s::text[], %(path)s::text[], %(query)s::text[], %(status)s::smallint[],
              %(error)s::text[], %(token_mark)s::text[], %(request_headers)s::text[],
              %(request_body)s::text[], %(response_headers)s::text[], %(response_body)s::text[],
              %(skipped)s::integer[])
       AS sent (partner_id, application_id, client_id, received_at, happened_at, duration_ms, method, path,
                query, status, error, token_mark, request_headers, request_body, response_headers,
                response_body, skipped)

-- name: list_after
SELECT {request}
  FROM logged_requests
 WHERE number > %(after)s
   AND (%(partner_id)s::bigint IS NULL OR partner_id = %(partner_id)s)
   AND (%(application_id)s::bigint IS NULL OR application_id = %(application_id)s)
   AND (%(method)s = '' OR method = %(method)s)
   AND strpos(path, %(path_part)s) > 0
   AND status BETWEEN %(status_min)s AND %(status_max)s
 ORDER BY number
 LIMIT %(rows_max)s

-- name: list_before
SELECT {request}
  FROM logged_requests
 WHERE number < %(before)s
   AND (%(partner_id)s::bigint IS NULL OR partner_id = %(partner_id)s)
   AND (%(application_id)s::bigint IS NULL OR application_id = %(application_id)s)
   AND (%(method)s = '' OR method = %(method)s)
   AND strpos(path, %(path_part)s) > 0
   AND status BETWEEN %(status_min)s AND %(status_max)s
 ORDER BY number DESC
 LIMIT %(rows_max)s

-- name: delete_old_requests
DELETE FROM logged_requests
 WHERE number IN (
       SELECT number
         FROM logged_requests
        WHERE received_at < %(received_before)s
        ORDER BY received_at
        LIMIT %(delete_max)s
          FOR UPDATE SKIP LOCKED)

-- name: delete_excess_requests
-- Every partner keeps its newest rows: what is deleted are the oldest of those who have the most.
DELETE FROM logged_requests
 WHERE (SELECT count(*) FROM logged_requests) > %(rows_max)s
   AND number IN (
       SELECT number
         FROM (SELECT number, row_number() OVER (PARTITION BY partner_id ORDER BY number DESC) AS rank
                 FROM logged_requests) AS ranked
        ORDER BY rank, number
       OFFSET %(rows_max)s
        LIMIT %(delete_max)s)

-- name: erase_requests
-- Those that name an address, also as it is written in a URL.
DELETE FROM logged_requests
 WHERE strpos(lower(concat_ws(' ', path, query, request_headers, request_body, response_headers,
                              response_body)), %(email)s) > 0
    OR strpos(lower(concat_ws(' ', path, query, request_body)), replace(%(email)s, '@', '%%40')) > 0
