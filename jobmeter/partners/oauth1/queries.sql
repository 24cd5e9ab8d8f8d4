-- name: insert_signing_secret
INSERT INTO signing_secrets (application_id, sealed_secret, created_at)
VALUES (%(application_id)s, %(sealed_secret)s, %(created_at)s)

-- name: list_signing_secrets
SELECT sealed_secret
  FROM signing_secrets
 WHERE application_id = %(application_id)s
 ORDER BY created_at DESC, sealed_secret

-- name: list_all_signing_secrets
-- For a new key: those of all tenants. Few applications sign.
SELECT application_id, client_id AS owner, sealed_secret
  FROM signing_secrets
  JOIN applications ON applications.id = application_id
 ORDER BY application_id, sealed_secret

-- name: replace_signing_secret
-- One that was retired meanwhile stays so.
UPDATE signing_secrets
   SET sealed_secret = %(replacement)s
 WHERE application_id = %(application_id)s
   AND sealed_secret = %(sealed_secret)s

-- name: insert_nonce
INSERT INTO signature_nonces (application_id, stamped_at, nonce_hash)
VALUES (%(application_id)s, %(stamped_at)s, %(nonce_hash)s)
    ON CONFLICT DO NOTHING
RETURNING stamped_at

-- name: delete_old_nonces
-- The key begins with the time, so this reads only the rows it removes. A nonce whose timestamp is too old to
-- be accepted does not have to be stored.
DELETE FROM signature_nonces
 WHERE stamped_at < %(stamped_before)s
