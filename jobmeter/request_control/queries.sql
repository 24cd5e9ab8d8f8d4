-- name: lease_quota
-- At most a hundredth of the remainder, so that the last calls of a day are counted one by one and the limit
-- is never exceeded, whichever process asks.
INSERT INTO call_counters AS counter (application_id, resource, day, taken, granted)
SELECT %(application_id)s, %(resource)s, %(day)s, first.granted, first.granted
  FROM (SELECT LEAST(GREATEST(%(calls_max)s::bigint / 100, 1), %(lease_max)s, %(calls_max)s) AS granted)
    AS first
    ON CONFLICT (application_id, resource, day) DO UPDATE
   SET taken   = counter.taken + GREATEST(LEAST(
                     GREATEST((%(calls_max)s - counter.taken) / 100, 1), %(lease_max)s,
                     %(calls_max)s - counter.taken), 0),
       granted = GREATEST(LEAST(
                     GREATEST((%(calls_max)s - counter.taken) / 100, 1), %(lease_max)s,
                     %(calls_max)s - counter.taken), 0)
RETURNING granted, taken

-- name: return_quota
UPDATE call_counters
   SET taken = GREATEST(taken - %(calls)s, 0)
 WHERE application_id = %(application_id)s
   AND resource = %(resource)s
   AND day = %(day)s

-- name: delete_old_counters
DELETE FROM call_counters
 WHERE day < %(before)s

-- name: try_lock_claim
-- Held until the transaction ends: the second of two identical requests learns at once that the first is
-- running.
SELECT pg_try_advisory_xact_lock(%(lock_number)s::bigint)

-- name: insert_claim
INSERT INTO repeat_claims (claim_hash, body_hash, claimed_at)
VALUES (%(claim_hash)s, %(body_hash)s, %(claimed_at)s)
    ON CONFLICT DO NOTHING
RETURNING claimed_at

-- name: find_claim
SELECT body_hash, claimed_at, status, sealed_answer
  FROM repeat_claims
 WHERE claim_hash = %(claim_hash)s

-- name: take_over_claim
-- Only from the state that was read: of two processes that find the same abandoned claim, one acquires it.
UPDATE repeat_claims
   SET body_hash     = %(body_hash)s,
       claimed_at    = %(claimed_at)s,
       status        = NULL,
       sealed_answer = NULL
 WHERE claim_hash = %(claim_hash)s
   AND claimed_at = %(seen_at)s
RETURNING claimed_at

-- name: store_claim_response
-- The response is kept from when it was given: in a sandbox, the request itself may have moved the clock, so
-- far that its claim was deleted on the way.
INSERT INTO repeat_claims AS claim (claim_hash, body_hash, claimed_at, status, sealed_answer)
VALUES (%(claim_hash)s, %(body_hash)s, %(answered_at)s, %(status)s, %(sealed_answer)s)
    ON CONFLICT (claim_hash) DO UPDATE
   SET claimed_at    = excluded.claimed_at,
       status        = excluded.status,
       sealed_answer = excluded.sealed_answer
 WHERE claim.claimed_at = %(claimed_at)s

-- name: release_claim
DELETE FROM repeat_claims
 WHERE claim_hash = %(claim_hash)s
   AND claimed_at = %(claimed_at)s
   AND status IS NULL

-- name: delete_old_claims
DELETE FROM repeat_claims
 WHERE claim_hash IN (
       SELECT claim_hash
         FROM repeat_claims
        WHERE claimed_at < %(claimed_before)s
        ORDER BY claimed_at
        LIMIT %(rows_max)s
          FOR UPDATE SKIP LOCKED)
