-- name: insert_record
INSERT INTO audit_records (
    recorded_at, door, actor_kind, actor_id, actor_name, action, subject_id, partner_id, request_id,
    values_before, values_after
)
VALUES (
    %(recorded_at)s, %(door)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s, %(action)s, %(subject_id)s,
    %(partner_id)s, %(request_id)s, %(values_before)s::json, %(values_after)s::json
)

-- name: list_records
-- The newest first. A kind of subject selects all acts on it.
SELECT number, recorded_at, door, actor_kind, actor_id, actor_name, action, subject_id, partner_id,
       request_id, values_before::text AS values_before, values_after::text AS values_after
  FROM audit_records
 WHERE number < %(below)s
   AND (%(partner_id)s::bigint IS NULL OR partner_id = %(partner_id)s)
   AND (%(who)s::text = ''
        OR (lower(actor_name) = lower(%(who)s) AND actor_kind <> ALL(%(nameless)s::text[])))
   AND (%(action)s::text = '' OR action = %(action)s OR starts_with(action, %(action)s || '.'))
   AND action <> ALL(%(hidden)s::text[])
   AND (%(subject_id)s::text = '' OR subject_id = %(subject_id)s)
   AND recorded_at >= %(since)s
   AND recorded_at < %(until)s
 ORDER BY number DESC
 LIMIT %(rows_max)s

-- name: insert_seal
-- As the seals of postings, in one chain. A round without new records has no seal.
WITH last_seal AS (
    SELECT coalesce(max(until_number), 0) AS after_number,
           (array_agg(digest ORDER BY round DESC))[1] AS digest
      FROM audit_seals
), found AS (
    SELECT count(*) AS records,
           sha256(convert_to(string_agg(audit_text(audit_records), '' ORDER BY number), 'UTF8')) AS content
      FROM audit_records
     WHERE number > (SELECT after_number FROM last_seal)
       AND number <= %(until_number)s
)
INSERT INTO audit_seals (round, until_number, records, content, digest)
SELECT %(round_number)s, %(until_number)s, records, content, sha256(coalesce(digest, '') || content)
  FROM last_seal, found
 WHERE records > 0

-- name: count_records_of
-- Acts of a person, and acts whose values name an address.
SELECT count(*)
  FROM audit_records
 WHERE lower(actor_name) = %(email)s
    OR strpos(lower(values_before::text || values_after::text), %(email)s) > 0
