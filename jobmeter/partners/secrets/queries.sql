-- name: find_own_token
SELECT issued_at, expires_at, revoked_at
  FROM access_tokens
 WHERE token_hash = %(token_hash)s
   AND application_id = %(application_id)s

-- name: revoke_token
UPDATE access_tokens
   SET revoked_at = %(revoked_at)s
 WHERE token_hash = %(token_hash)s
   AND application_id = %(application_id)s
   AND revoked_at IS NULL

-- name: revoke_tokens_of
UPDATE access_tokens
   SET revoked_at = %(revoked_at)s
 WHERE application_id = %(application_id)s
   AND revoked_at IS NULL
   AND expires_at > %(revoked_at)s

-- name: delete_expired_tokens
-- In batches, so that a day of tokens is never one long transaction; two workers take different rows.
DELETE FROM access_tokens
 WHERE token_hash IN (
       SELECT token_hash
         FROM access_tokens
        WHERE expires_at < %(expired_before)s
        ORDER BY expires_at
        LIMIT %(rows_max)s
          FOR UPDATE SKIP LOCKED)

-- name: read_token_permission
SELECT may_make_tokens
  FROM applications
 WHERE id = %(application_id)s

-- name: set_token_permission
UPDATE applications
   SET may_make_tokens = %(is_allowed)s
 WHERE id = %(application_id)s

-- name: lock_application
-- Two rotations at once must not both find room for a second secret.
SELECT id
  FROM applications
 WHERE id = %(application_id)s
   FOR NO KEY UPDATE

-- name: list_secret_ages
SELECT created_at
  FROM application_secrets
 WHERE application_id = %(application_id)s
 ORDER BY created_at

-- name: delete_older_secret
-- A secret that is retired signs nothing any more either, hence the second table.
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
