-- name: insert_session
INSERT INTO person_sessions (
       token_hash, person_id, grant_id, device, network, began_at, confirmed_at, last_used_at)
VALUES (%(token_hash)s, %(person_id)s, %(grant_id)s, %(device)s, %(network)s, %(began_at)s, %(began_at)s,
       %(began_at)s)

-- name: find_session
SELECT session.id AS session_id, grant_id, viewed_partner_id, began_at, confirmed_at, last_used_at,
       people.id, email, name, language, time_zone, theme
  FROM person_sessions AS session
  JOIN people ON people.id = person_id
 WHERE token_hash = %(token_hash)s

-- name: list_grants
SELECT granted.id, role, partner_id, application_id, hiring_contract_id,
       coalesce(applications.name, owner_name, '') AS name
  FROM person_grants AS granted
  LEFT JOIN applications ON applications.id = coalesce(partner_id, application_id)
  LEFT JOIN hiring_contracts ON hiring_contracts.id = hiring_contract_id
 WHERE person_id = %(person_id)s
 ORDER BY granted.id

-- name: touch_session
-- Only one of several requests at once writes it; a session that ends meanwhile stays ended.
UPDATE person_sessions
   SET last_used_at = %(last_used_at)s
 WHERE id = %(session_id)s
   AND last_used_at < %(last_used_at)s

-- name: replace_token
-- Nothing if the session has another token meanwhile, so that one token is never replaced twice.
UPDATE person_sessions
   SET token_hash = %(new_hash)s,
       grant_id = %(grant_id)s,
       viewed_partner_id = %(viewed_partner_id)s,
       confirmed_at = greatest(confirmed_at, %(confirmed_at)s)
 WHERE token_hash = %(token_hash)s
RETURNING id

-- name: list_sessions
SELECT id, device, network, began_at, last_used_at
  FROM person_sessions
 WHERE person_id = %(person_id)s
 ORDER BY last_used_at DESC, id DESC

-- name: delete_session
DELETE FROM person_sessions
 WHERE id = %(session_id)s
   AND person_id = %(person_id)s

-- name: delete_sessions
DELETE FROM person_sessions
 WHERE person_id = %(person_id)s

-- name: delete_over_sessions
-- In batches; two workers delete different rows.
DELETE FROM person_sessions
 WHERE id IN (
       SELECT id
         FROM person_sessions
        WHERE last_used_at < %(used_before)s
           OR began_at < %(begun_before)s
        LIMIT %(rows_max)s
          FOR UPDATE SKIP LOCKED)
