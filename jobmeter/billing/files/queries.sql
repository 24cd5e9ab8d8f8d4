-- name: claim_file_tasks
-- Skips documents whose files another process is making; they are locked until its transaction ends.
SELECT document_id
  FROM billing_file_tasks
 WHERE due_at <= %(now)s
 ORDER BY due_at, document_id
 LIMIT %(rows_max)s
   FOR UPDATE SKIP LOCKED

-- name: wait_for_file_tasks
-- The same for a clock that was moved by hand: what another process is making is waited for.
SELECT document_id
  FROM billing_file_tasks
 WHERE due_at <= %(now)s
 ORDER BY due_at, document_id
 LIMIT %(rows_max)s
   FOR UPDATE

-- name: insert_file
-- A file that another process made meanwhile has the same bytes.
INSERT INTO billing_files (document_id, format, sha256, byte_count, maker, content, made_at)
VALUES (%(document_id)s, %(format)s, %(sha256)s, %(byte_count)s, %(maker)s, %(content)s, %(made_at)s)
    ON CONFLICT DO NOTHING

-- name: delete_file_task
DELETE FROM billing_file_tasks
 WHERE document_id = %(document_id)s

-- name: postpone_file_task
UPDATE billing_file_tasks
   SET attempts = attempts + 1,
       due_at = %(due_at)s,
       last_error = %(last_error)s
 WHERE document_id = %(document_id)s

-- name: find_file_attempts
SELECT attempts
  FROM billing_file_tasks
 WHERE document_id = %(document_id)s

-- name: find_file
SELECT document_id, format, sha256, byte_count, maker, content, made_at
  FROM billing_files
 WHERE document_id = %(document_id)s
   AND format = %(file_format)s

-- name: list_sample
-- The newest documents that have files, and as many spread over all of them.
WITH newest AS (
    SELECT document_id
      FROM billing_files
     WHERE format = 'pdf'
     ORDER BY document_id DESC
     LIMIT %(rows_max)s
), bounds AS (
    SELECT min(document_id) AS first, max(document_id) AS last
      FROM billing_files
)
SELECT document_id
  FROM newest
 UNION
SELECT found.document_id
  FROM bounds
 CROSS JOIN generate_series(0, %(rows_max)s - 1) AS step
 CROSS JOIN LATERAL (
       SELECT document_id
         FROM billing_files
        WHERE format = 'pdf'
          AND document_id >= first + (last - first) * step / %(rows_max)s
        ORDER BY document_id
        LIMIT 1) AS found
 ORDER BY document_id

-- name: claim_mails
SELECT document_id, email, kind, level, attempts, due_at
  FROM billing_mails
 WHERE due_at <= %(now)s
 ORDER BY due_at, document_id, email, kind, level
 LIMIT %(rows_max)s
   FOR UPDATE SKIP LOCKED

-- name: update_mail
UPDATE billing_mails
   SET attempts = attempts + 1,
       due_at = %(due_at)s,
       sent_at = %(sent_at)s,
       last_outcome = %(last_outcome)s
 WHERE document_id = %(document_id)s
   AND email = %(email)s
   AND kind = %(kind)s
   AND level = %(level)s
