-- name: touch_secret
-- At most once an hour, so that most tokens write nothing here.
UPDATE application_secrets
   SET last_used_at = %(used_at)s
 WHERE application_id = %(application_id)s
   AND secret_hash = %(secret_hash)s
   AND (last_used_at IS NULL OR last_used_at <= %(used_before)s)

-- name: insert_token
INSERT INTO access_tokens (token_hash, application_id, issued_at, expires_at)
VALUES (%(token_hash)s, %(application_id)s, %(issued_at)s, %(expires_at)s)

-- name: find_tokens
SELECT applications.id, parent_id, shard, client_id, name, unique_foreign_id, description, callback_urls,
       js_domains, expires_at, revoked_at, may_make_tokens AS is_permitted, token_hash
  FROM access_tokens
  JOIN applications ON applications.id = access_tokens.application_id
 WHERE token_hash = ANY(%(token_hashes)s)

-- name: find_own_token
SELECT issued_at, expires_at, revoked_at, may_make_tokens AS is_permitted
  FROM access_tokens
  JOIN applications ON applications.id = access_tokens.application_id
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
 WHERE application_id = ANY(%(application_ids)s)
   AND revoked_at IS NULL
   AND expires_at > %(revoked_at)s

-- name: delete_expired_tokens
-- In batches, so that no transaction deletes a whole day of tokens; two workers delete different rows.
DELETE FROM access_tokens
 WHERE token_hash IN (
       SELECT token_hash
         FROM access_tokens
        WHERE expires_at < %(expired_before)s
        ORDER BY expires_at
        LIMIT %(rows_max)s
          FOR UPDATE SKIP LOCKED)

-- name: lock_token_permission
-- Shared with other requests for tokens, and waited for by a change of the permission: a token that is
-- requested while the permission is withdrawn is either refused or revoked.
SELECT may_make_tokens
  FROM applications
 WHERE id = %(application_id)s
   FOR SHARE

-- name: read_token_permission
SELECT may_make_tokens
  FROM applications
 WHERE id = %(application_id)s

-- name: set_token_permission
UPDATE applications
   SET may_make_tokens = %(is_allowed)s
 WHERE id = %(application_id)s
    OR (parent_id = %(application_id)s AND %(includes_children)s)
RETURNING id
