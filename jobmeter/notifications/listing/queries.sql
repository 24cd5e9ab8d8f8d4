-- columns: endpoint
id, application_id, url, email, kinds, created_at, paused_until, gone_at

-- name: list_all_endpoints
-- Of all applications, in the order of their ids.
SELECT {endpoint}
  FROM notice_endpoints
 WHERE id > %(after)s
   AND removed_at IS NULL
 ORDER BY id
 LIMIT %(rows_max)s

-- name: list_application_endpoints
-- An application has a few.
SELECT {endpoint}
  FROM notice_endpoints
 WHERE application_id = %(application_id)s
   AND id > %(after)s
   AND removed_at IS NULL
 ORDER BY id
 LIMIT %(rows_max)s

-- name: find_any_endpoint
SELECT {endpoint}
  FROM notice_endpoints
 WHERE id = %(endpoint_id)s
   AND removed_at IS NULL
