-- name: lock_application
-- Locks the application, so that two rotations at once cannot both add a second secret.
SELECT id
  FROM applications
 WHERE id = %(application_id)s
   FOR NO KEY UPDATE

-- name: list_live_secrets
SELECT created_at, last_four, last_used_at
  FROM application_secrets
 WHERE application_id = %(application_id)s
 ORDER BY created_at

-- name: delete_older_secret
-- A retired secret no longer signs requests either, hence the second table.
WITH oldest AS (
    SELECT secret_hash, created_at
      FROM application_secrets
     WHERE application_id = %(application_id)s
     ORDER BY created_at, secret_hash
     LIMIT 1
), retired AS (
    DELETE FROM application_secrets
     WHERE application_id = %(application_id)s
       AND secret_hash IN (SELECT secret_hash FROM oldest)
)
DELETE FROM signing_secrets
 WHERE application_id = %(application_id)s
   AND created_at <= (SELECT max(created_at) FROM oldest)

-- name: delete_secrets
-- Neither do they sign requests any more, hence the second table.
WITH revoked AS (
    DELETE FROM application_secrets
     WHERE application_id = %(application_id)s
)
DELETE FROM signing_secrets
 WHERE application_id = %(application_id)s
