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
