-- name: insert_signing_secret
INSERT INTO signing_secrets (application_id, sealed_secret, created_at)
VALUES (%(application_id)s, %(sealed_secret)s, %(created_at)s)

-- name: list_signing_secrets
SELECT sealed_secret
  FROM signing_secrets
 WHERE application_id = %(application_id)s
 ORDER BY created_at DESC, sealed_secret

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
