-- name: insert_passkey
-- Nothing if the credential is known, also as that of another person.
INSERT INTO passkeys (person_id, credential_id, public_key, sign_count, name, created_at)
VALUES (%(person_id)s, %(credential_id)s, %(public_key)s, %(sign_count)s, %(name)s, %(created_at)s)
    ON CONFLICT (credential_id) DO NOTHING

-- name: lock_passkey
-- Of two uses of one signature at once the second one finds the higher count, or the challenge used.
SELECT id, person_id, public_key, sign_count
  FROM passkeys
 WHERE credential_id = %(credential_id)s
   FOR NO KEY UPDATE

-- name: use_passkey
UPDATE passkeys
   SET sign_count = %(sign_count)s,
       last_used_at = greatest(created_at, %(used_at)s)
 WHERE id = %(passkey_id)s

-- name: find_person
SELECT id, email, name, language, time_zone, theme
  FROM people
 WHERE id = %(person_id)s

-- name: list_passkeys
SELECT id, name, created_at, last_used_at
  FROM passkeys
 WHERE person_id = %(person_id)s
 ORDER BY id

-- name: list_credential_ids
SELECT credential_id
  FROM passkeys
 WHERE person_id = %(person_id)s

-- name: delete_passkey
DELETE FROM passkeys
 WHERE id = %(passkey_id)s
   AND person_id = %(person_id)s

-- name: use_challenge
-- Nothing if it was used before.
INSERT INTO passkey_challenges (challenge_hash, used_at)
VALUES (%(challenge_hash)s, %(used_at)s)
    ON CONFLICT DO NOTHING

-- name: delete_old_challenges
DELETE FROM passkey_challenges
 WHERE challenge_hash IN (
       SELECT challenge_hash
         FROM passkey_challenges
        WHERE used_at < %(used_before)s
        LIMIT %(rows_max)s
          FOR UPDATE SKIP LOCKED)
