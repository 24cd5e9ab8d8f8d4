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
INSERT INTO application_secrets (application_id, secret_hash, created_at)
VALUES (%(application_id)s, %(secret_hash)s, %(created_at)s)

-- name: lock_partner_name
-- Two requests that create a partner of this name run one after the other. It is a lock, not a unique index,
-- because older installations may have two partners of one name.
SELECT pg_advisory_xact_lock(hashtextextended('partner ' || lower(%(name)s), 0))

-- name: find_parent_by_name
SELECT id, parent_id, shard, client_id, name, unique_foreign_id, description, callback_urls, js_domains
  FROM applications
 WHERE parent_id IS NULL
   AND lower(name) = lower(%(name)s)
 ORDER BY id
 LIMIT 1

-- name: list_applications
-- All applications, the parents only, or a partner's, in the order of their ids.
SELECT id, parent_id, shard, client_id, name, unique_foreign_id, description, callback_urls, js_domains
  FROM applications
 WHERE id > %(after)s
   AND (NOT %(are_parents)s OR parent_id IS NULL)
   AND (%(partner_id)s::bigint IS NULL OR %(partner_id)s IN (id, parent_id))
 ORDER BY id
 LIMIT %(rows_max)s

-- name: find_by_client_id
SELECT id, parent_id, shard, client_id, name, unique_foreign_id, description, callback_urls, js_domains
  FROM applications
 WHERE client_id = %(client_id)s

-- name: find_by_foreign_id
SELECT id, parent_id, shard, client_id, name, unique_foreign_id, description, callback_urls, js_domains
  FROM applications
 WHERE parent_id = %(parent_id)s
   AND unique_foreign_id = %(unique_foreign_id)s

-- name: find_by_id
SELECT id, parent_id, shard, client_id, name, unique_foreign_id, description, callback_urls, js_domains
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
