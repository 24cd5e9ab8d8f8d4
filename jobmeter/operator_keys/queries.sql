-- columns: key
id, name, role, created_at, revoked_at,
ARRAY(SELECT secret.created_at
        FROM operator_key_secrets AS secret
       WHERE key_id = operator_keys.id
       ORDER BY secret.created_at, secret_hash) AS secrets_created_at,
ARRAY(SELECT last_four
        FROM operator_key_secrets AS secret
       WHERE key_id = operator_keys.id
       ORDER BY secret.created_at, secret_hash) AS last_fours,
ARRAY(SELECT last_used_at
        FROM operator_key_secrets AS secret
       WHERE key_id = operator_keys.id
       ORDER BY secret.created_at, secret_hash) AS last_used_at

-- name: insert_key
-- Nothing where a valid key has the name, also one of a transaction that is not yet committed.
INSERT INTO operator_keys (name, role, created_at)
VALUES (%(name)s, %(role)s, %(created_at)s)
    ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING
RETURNING {key}

-- name: insert_secret
INSERT INTO operator_key_secrets (secret_hash, key_id, last_four, created_at)
VALUES (%(secret_hash)s, %(key_id)s, %(last_four)s, %(created_at)s)

-- name: touch_secret
-- At most once an hour, so that most requests write nothing.
UPDATE operator_key_secrets
   SET last_used_at = %(used_at)s
 WHERE secret_hash = %(secret_hash)s
   AND (last_used_at IS NULL OR last_used_at <= %(used_before)s)

-- name: lock_key
-- Locks the key, so that two rotations at once cannot both add a second secret.
SELECT id
  FROM operator_keys
 WHERE name = %(name)s
   AND revoked_at IS NULL
   FOR NO KEY UPDATE

-- name: find_key
-- The valid key of this name, otherwise the one that was revoked last.
SELECT {key}
  FROM operator_keys
 WHERE name = %(name)s
 ORDER BY revoked_at DESC NULLS FIRST
 LIMIT 1

-- name: list_keys
SELECT {key}
  FROM operator_keys
 WHERE id > %(after)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: delete_older_secret
DELETE FROM operator_key_secrets
 WHERE secret_hash = (
       SELECT secret_hash
         FROM operator_key_secrets
        WHERE key_id = %(key_id)s
        ORDER BY created_at, secret_hash
        LIMIT 1)

-- name: revoke_key
UPDATE operator_keys
   SET revoked_at = greatest(created_at, %(revoked_at)s)
 WHERE id = %(key_id)s

-- name: delete_secrets
DELETE FROM operator_key_secrets
 WHERE key_id = %(key_id)s

-- name: list_holders
SELECT secret_hash, key_id, name, role, last_used_at
  FROM operator_key_secrets
  JOIN operator_keys ON operator_keys.id = key_id
 WHERE secret_hash = ANY(%(secret_hashes)s)
