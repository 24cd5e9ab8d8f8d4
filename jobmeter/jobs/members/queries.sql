-- columns: owned_job
job.shard, job.job_id, application_id, external_id, channel, poster_email, state, revision, run_number,
expires_at, job.partner_contract_id IS NOT NULL AS pays_per_click, hiring_contract_id,
contract.kind AS hiring_kind, contract.ends_at AS hiring_ends_at, coalesce(owner_name, '') AS owner_name,
coalesce(seats || default_poster_email, '{}') AS seats,
coalesce(applications.parent_id, applications.id) AS partner_id,
coalesce(partner.name, applications.name) AS agency, title, location,
coalesce(content ->> 'description', '') AS description, apply_url

-- columns: owners
JOIN applications ON applications.id = application_id
  LEFT JOIN applications AS partner ON partner.id = applications.parent_id
  LEFT JOIN hiring_contracts AS contract ON contract.id = hiring_contract_id

-- columns: wanted
%(before)s, %(is_open)s, %(now)s, %(search)s, %(rows_max)s

-- name: list_owned_jobs
-- Newest first, of a poster, of hiring contracts, and of applications. Each of them has its own index, and is
-- read no further than a page; a job that belongs to several of them is listed once.
SELECT {owned_job}
  FROM (SELECT DISTINCT job_id
          FROM ((SELECT job_id
                   FROM job_postings
                  WHERE poster_email = %(member_email)s
                    AND poster_email <> ''
                    AND job_id < %(before)s
             AND (%(is_open)s::boolean IS NULL
                  OR (state IN ('PENDING', 'LIVE') AND expires_at > %(now)s) = %(is_open)s)
             AND strpos(lower(concat_ws(' ', title, location, company_name, external_id)),
                        lower(%(search)s)) > 0
                  ORDER BY job_id DESC
                  LIMIT %(rows_max)s)
                 UNION ALL
                SELECT job_id
                  FROM unnest(%(hiring_contract_ids)s::bigint[]) AS asked (contract_id)
                 CROSS JOIN LATERAL jobs_of_hiring_contract(
                            contract_id, {wanted}) AS of_contract
                 UNION ALL
                SELECT job_id
                  FROM unnest(%(application_ids)s::bigint[]) AS asked (owner_id)
                 CROSS JOIN LATERAL jobs_of_application(
                            shard_of(owner_id), owner_id, {wanted}) AS of_application) AS found
         ORDER BY job_id DESC
         LIMIT %(rows_max)s) AS page
 CROSS JOIN LATERAL posting_of(shard_of(page.job_id), page.job_id) AS job
  {owners}
 ORDER BY job.job_id DESC

-- name: find_owned_job
SELECT {owned_job}
  FROM job_postings AS job
  {owners}
 WHERE job.shard = %(shard)s
   AND job.job_id = %(job_id)s

-- name: read_content
-- The element or the document from which the job is.
SELECT content
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: list_seated_contracts
-- The contracts with slots of which a member is a seat. There are few contracts, and they are read as a
-- whole.
SELECT id
  FROM hiring_contracts
 WHERE kind = 'SLOTS'
   AND %(email)s <> ''
   AND %(email)s IN (SELECT unnest(seats || default_poster_email))

-- name: list_slot_uses
-- The contracts with slots of a customer: those that it was given, and those of its applications.
SELECT contract.id AS contract_id, used, next_end
  FROM hiring_contracts AS contract
 CROSS JOIN LATERAL slot_use(contract.id) AS jobs
 WHERE kind = 'SLOTS'
   AND (contract.id = ANY(%(hiring_contract_ids)s)
        OR contract.id IN (SELECT granted.contract_id
                             FROM hiring_grants AS granted
                            WHERE granted.application_id = ANY(%(application_ids)s)))
 ORDER BY contract.id

-- name: read_figures
-- What was charged on days that are not final may still fall.
SELECT job_id, sum(views)::bigint AS views, sum(apply_clicks)::bigint AS apply_clicks,
       coalesce(sum(charge_micros) FILTER (
           WHERE NOT EXISTS (SELECT FROM settled_days WHERE settled_days.day = all_job_days.day)
       ), 0)::bigint AS estimated_micros
  FROM all_job_days
  JOIN unnest(%(shards)s::smallint[], %(job_ids)s::bigint[]) AS asked (asked_shard, asked_job)
    ON shard = asked_shard
   AND job_id = asked_job
 WHERE day IS NOT NULL
 GROUP BY job_id

-- name: count_change
-- A job posted element by element has no revisions of its document: its number counts the changes made on the
-- site.
UPDATE job_postings
   SET revision = revision + 1
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
RETURNING revision

-- name: list_job_acts
-- Newest first: the tasks of a job, each with its place where an element had several, and its logged changes.
SELECT created_at AS made_at, operation AS kind, status, coalesce(error_message, verdict, location) AS detail,
       task_id, '' AS actor, '{}'::text[] AS changed_fields
  FROM job_tasks
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
 UNION ALL
SELECT made_at, kind, 'SUCCEEDED', '', NULL, actor, changed_fields
  FROM job_changes
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
 ORDER BY made_at DESC, task_id
 LIMIT %(rows_max)s

-- name: list_changes
-- Newest first, of an application or of all of a partner's: each one's over its own index.
SELECT change.job_id, application_id, external_id, change.revision, kind, actor, changed_fields, made_at
  FROM (SELECT found.shard, job_id, revision, kind, actor, changed_fields, made_at
          FROM applications
         CROSS JOIN LATERAL changes_before(applications.id, %(made_at)s, %(job_id)s, %(revision)s, %(kind)s,
                                           %(rows_max)s) AS found
         WHERE applications.id = %(application_id)s
            OR parent_id = %(application_id)s
         ORDER BY made_at DESC, job_id DESC, revision DESC, kind DESC
         LIMIT %(rows_max)s) AS change
 CROSS JOIN LATERAL posting_of(change.shard, change.job_id) AS job
 ORDER BY made_at DESC, change.job_id DESC, change.revision DESC, kind DESC

-- name: count_open_jobs
SELECT count(*)
  FROM job_postings
 WHERE poster_email = %(email)s
   AND poster_email <> ''
   AND state IN ('PENDING', 'LIVE')

-- name: erase_poster
-- In the element that was sent too, under either of its names. What a feed or a partner sent otherwise stays.
UPDATE job_postings
   SET poster_email = %(substitute)s,
       content = CASE WHEN content ? 'posterEmail'
                      THEN jsonb_set(content, '{posterEmail}', ('"' || %(substitute)s::text || '"')::jsonb)
                      WHEN content ? 'poster_email'
                      THEN jsonb_set(content, '{poster_email}', ('"' || %(substitute)s::text || '"')::jsonb)
                      ELSE content
                 END
 WHERE poster_email = %(email)s
   AND poster_email <> ''

-- name: erase_poster_of_changes
-- As the poster, and as who made the change: a member, a customer or a partner's person.
UPDATE job_changes
   SET poster_email = CASE WHEN poster_email = %(email)s THEN %(substitute)s ELSE poster_email END,
       actor = replace(actor, ' ' || %(email)s, ' ' || %(substitute)s)
 WHERE poster_email = %(email)s
    OR actor IN ('member ' || %(email)s, 'customer ' || %(email)s, 'partner ' || %(email)s)

-- name: list_former_posters
-- Addresses whose jobs all ended before a day, and that are nobody's who could log in: the oldest of them.
SELECT poster_email
  FROM job_postings
 WHERE poster_email <> ''
   AND NOT starts_with(poster_email, %(erased)s)
   AND poster_email NOT IN (SELECT email FROM people)
   AND NOT EXISTS (SELECT
                     FROM hiring_contracts
                    WHERE poster_email = default_poster_email
                       OR poster_email = ANY(seats))
 GROUP BY poster_email
HAVING bool_and(coalesce(closed_at, expires_at, created_at) < %(before)s AND state NOT IN ('PENDING', 'LIVE'))
 LIMIT %(rows_max)s
