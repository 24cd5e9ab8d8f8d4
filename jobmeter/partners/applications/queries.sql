-- columns: application
id, parent_id, shard, client_id, name, unique_foreign_id, description, callback_urls, js_domains

-- columns: partner
id, client_id, name, reference, created_at

-- name: next_application_id
SELECT nextval('application_ids')

-- name: insert_application
INSERT INTO applications (
    id, parent_id, shard, client_id, unique_foreign_id, name, description, callback_urls, js_domains,
    created_at
)
VALUES (
    %(id)s, %(parent_id)s, %(shard)s, %(client_id)s, %(unique_foreign_id)s, %(name)s, %(description)s,
    %(callback_urls)s, %(js_domains)s, %(created_at)s
)
    ON CONFLICT DO NOTHING
RETURNING id

-- name: insert_secret
INSERT INTO application_secrets (application_id, secret_hash, last_four, created_at)
VALUES (%(application_id)s, %(secret_hash)s, %(last_four)s, %(created_at)s)

-- name: lock_partner_name
-- Two requests that create a partner of this name run one after the other. It is a lock, not a unique index,
-- because older installations may have two partners of one name.
SELECT pg_advisory_xact_lock(hashtextextended('partner ' || lower(%(name)s), 0))

-- name: find_parent_by_name
SELECT {application}
  FROM applications
 WHERE parent_id IS NULL
   AND lower(name) = lower(%(name)s)
 ORDER BY id
 LIMIT 1

-- name: find_partner
SELECT {partner}
  FROM applications
 WHERE id = %(partner_id)s
   AND parent_id IS NULL

-- name: find_partner_by_reference
SELECT {partner}
  FROM applications
 WHERE reference = %(reference)s

-- name: list_partners
-- The parents, in the order of their ids. A search reads all names of partners from the page's start on: they
-- are few beside their children.
SELECT {partner}
  FROM applications
 WHERE parent_id IS NULL
   AND id > %(after)s
   AND (%(search)s = '' OR client_id = %(search)s OR strpos(lower(name), lower(%(search)s)) > 0)
 ORDER BY id
 LIMIT %(rows_max)s

-- name: change_partner
UPDATE applications
   SET name = coalesce(%(name)s, name),
       reference = CASE WHEN %(reference)s::text IS NULL THEN reference
                        ELSE nullif(%(reference)s, '')
                    END
 WHERE id = %(partner_id)s
   AND parent_id IS NULL
RETURNING {partner}

-- name: set_reference
UPDATE applications
   SET reference = %(reference)s
 WHERE id = %(partner_id)s

-- name: list_applications
-- All applications, parents and children, in the order of their ids.
SELECT {application}
  FROM applications
 WHERE id > %(after)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: list_partner_applications
-- A partner's parent and children, in the order of their ids.
SELECT {application}
  FROM applications
 WHERE (id = %(partner_id)s OR parent_id = %(partner_id)s)
   AND id > %(after)s
   AND (%(search)s = ''
        OR %(search)s IN (client_id, unique_foreign_id)
        OR starts_with(lower(name), lower(%(search)s)))
 ORDER BY id
 LIMIT %(rows_max)s

-- name: list_own_applications
-- As the partner sees them; the secrets of one application are few.
SELECT {application}, created_at, may_make_tokens AS is_permitted, secrets, last_token_at
  FROM applications
 CROSS JOIN LATERAL (SELECT count(*) AS secrets, max(last_used_at) AS last_token_at
                       FROM application_secrets
                      WHERE application_id = applications.id) AS counted
 WHERE (id = %(partner_id)s OR parent_id = %(partner_id)s)
   AND (%(application_id)s::bigint IS NULL OR id = %(application_id)s)
   AND id > %(after)s
   AND (%(search)s = ''
        OR %(search)s IN (client_id, unique_foreign_id)
        OR strpos(lower(name), lower(%(search)s)) > 0)
 ORDER BY id
 LIMIT %(rows_max)s

-- name: search_applications
-- Of all partners: each way to find one has its index, and the page is sorted from what they found. The
-- names that begin with the text are a range of the index, whatever the text is: a plan for all values cannot
-- use LIKE.
WITH found AS (
    SELECT id FROM applications WHERE client_id = %(search)s
     UNION
    SELECT id FROM applications WHERE unique_foreign_id = %(search)s
     UNION
    SELECT id
      FROM applications
     WHERE lower(name) ~>=~ lower(%(search)s)
       AND lower(name) ~<~ (lower(%(search)s) || chr(1114111))
)
SELECT {application}
  FROM found
  JOIN applications USING (id)
 WHERE id > %(after)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: find_by_client_id
SELECT {application}
  FROM applications
 WHERE client_id = %(client_id)s

-- name: find_by_foreign_id
SELECT {application}
  FROM applications
 WHERE parent_id = %(parent_id)s
   AND unique_foreign_id = %(unique_foreign_id)s

-- name: find_by_id
SELECT {application}
  FROM applications
 WHERE id = %(application_id)s

-- name: update_application
UPDATE applications
   SET name = %(name)s,
       description = %(description)s,
       callback_urls = %(callback_urls)s,
       js_domains = %(js_domains)s
 WHERE id = %(application_id)s

-- name: list_secret_hashes
SELECT secret_hash
  FROM application_secrets
 WHERE application_id = %(application_id)s
