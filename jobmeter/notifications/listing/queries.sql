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

-- name: list_partner_endpoints
-- Of a partner's parent application and its children, with what was given up, which has an index.
SELECT endpoint.id, application_id, url, email, kinds, endpoint.created_at, paused_until, gone_at,
       name AS application_name, dead
  FROM applications
  JOIN notice_endpoints AS endpoint ON application_id = applications.id
 CROSS JOIN LATERAL (SELECT count(*) AS dead
                       FROM notices
                      WHERE endpoint_id = endpoint.id
                        AND state = 'DEAD') AS given_up
 WHERE (applications.id = %(partner_id)s OR parent_id = %(partner_id)s)
   AND (%(endpoint_id)s::bigint IS NULL OR endpoint.id = %(endpoint_id)s)
   AND endpoint.id > %(after)s
   AND removed_at IS NULL
 ORDER BY endpoint.id
 LIMIT %(rows_max)s

-- name: lock_partner_endpoint
SELECT {endpoint}
  FROM notice_endpoints
 WHERE id = %(endpoint_id)s
   AND removed_at IS NULL
   AND application_id IN (SELECT id
                            FROM applications
                           WHERE id = %(partner_id)s
                              OR parent_id = %(partner_id)s)
   FOR UPDATE
