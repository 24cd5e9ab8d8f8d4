-- columns: login
id, email, is_known, language, browser_hash, code_hash, tries, made_at

-- name: lock_requests
-- Requests of one address, or of one network, are counted one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('log in ' || %(key)s::text, 0))

-- name: count_of_email
SELECT count(*), min(made_at) AS earliest_at
  FROM login_requests
 WHERE email = %(email)s
   AND made_at > %(made_after)s

-- name: count_of_network
SELECT count(*), min(made_at) AS earliest_at
  FROM login_requests
 WHERE network = %(network)s
   AND made_at > %(made_after)s

-- name: find_addressee
-- One row for every address, so that the answer takes as long for one that nobody has.
SELECT EXISTS (SELECT
                 FROM people
                 JOIN person_grants ON person_id = people.id
                WHERE email = %(email)s) AS has_role,
       coalesce((SELECT language FROM people WHERE email = %(email)s), '') AS language

-- name: insert_login
INSERT INTO login_requests (
       email, is_known, language, network, browser_hash, token_hash, code_hash, made_at)
VALUES (%(email)s, %(is_known)s, %(language)s, %(network)s, %(browser_hash)s, %(token_hash)s, %(code_hash)s,
       %(made_at)s)

-- name: find_login
SELECT {login}
  FROM login_requests
 WHERE token_hash = %(token_hash)s
   AND used_at IS NULL

-- name: lock_login
-- Of two uses at once the second one finds it used.
SELECT {login}
  FROM login_requests
 WHERE token_hash = %(token_hash)s
   AND used_at IS NULL
   FOR NO KEY UPDATE

-- name: lock_logins_of_browser
SELECT {login}
  FROM login_requests
 WHERE browser_hash = %(browser_hash)s
   AND used_at IS NULL
   AND tries < %(tries_max)s
   AND made_at > %(made_after)s
 ORDER BY id
   FOR NO KEY UPDATE

-- name: count_try
UPDATE login_requests
   SET tries = tries + 1
 WHERE id = ANY(%(ids)s)

-- name: use_logins
-- All of the address: after a log-in, the links of its other mails open nothing.
UPDATE login_requests
   SET used_at = greatest(made_at, %(used_at)s)
 WHERE email = %(email)s
   AND used_at IS NULL

-- name: delete_old_logins
DELETE FROM login_requests
 WHERE id IN (
       SELECT id
         FROM login_requests
        WHERE made_at < %(made_before)s
        LIMIT %(rows_max)s
          FOR UPDATE SKIP LOCKED)

-- name: erase_logins
DELETE FROM login_requests
 WHERE email = %(email)s
