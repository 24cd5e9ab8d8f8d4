-- columns: feed
id, application_id, location, interval_minutes, due_at, may_close_all, etag, last_modified, read_at, defaults

-- columns: sent_job
partner_job_id text, fingerprint text, live_until_ms bigint, renew_at_ms bigint, content jsonb

-- name: upsert_feed
-- Other defaults make other jobs of the same body, so that it is fetched again even if it has not changed.
INSERT INTO job_feeds (application_id, location, interval_minutes, due_at, defaults, created_at)
VALUES (
    %(application_id)s, %(location)s, %(interval_minutes)s, %(due_at)s, coalesce(%(defaults)s::jsonb, '{}'),
    %(now)s
)
    ON CONFLICT (application_id, location) DO UPDATE
       SET interval_minutes = coalesce(excluded.interval_minutes, job_feeds.interval_minutes),
           due_at = coalesce(excluded.due_at, job_feeds.due_at),
           defaults = coalesce(%(defaults)s::jsonb, job_feeds.defaults),
           etag = CASE WHEN job_feeds.defaults = coalesce(%(defaults)s::jsonb, job_feeds.defaults)
                       THEN job_feeds.etag
                       ELSE ''
                   END,
           last_modified = CASE WHEN job_feeds.defaults = coalesce(%(defaults)s::jsonb, job_feeds.defaults)
                                THEN job_feeds.last_modified
                                ELSE ''
                            END
RETURNING {feed}

-- name: find_feed_at
SELECT {feed}
  FROM job_feeds
 WHERE application_id = %(application_id)s
   AND location = %(location)s

-- name: list_feeds
SELECT {feed}
  FROM job_feeds
 WHERE id > %(after)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: list_application_feeds
SELECT {feed}
  FROM job_feeds
 WHERE application_id = %(application_id)s
   AND id > %(after)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: list_partner_feeds
-- Of a partner's parent application and its children, each with its last run.
SELECT job_feeds.id, application_id, location, interval_minutes, due_at, may_close_all, etag, last_modified,
       read_at, defaults, name AS application_name, outcome, started_at, jobs, failed
  FROM applications
  JOIN job_feeds ON application_id = applications.id
  LEFT JOIN LATERAL (SELECT outcome, started_at, jobs, failed
                       FROM feed_runs
                      WHERE feed_id = job_feeds.id
                      ORDER BY number DESC
                      LIMIT 1) AS last_run ON true
 WHERE (applications.id = %(partner_id)s OR parent_id = %(partner_id)s)
   AND (%(feed_id)s::bigint IS NULL OR job_feeds.id = %(feed_id)s)
   AND job_feeds.id > %(after)s
 ORDER BY job_feeds.id
 LIMIT %(rows_max)s

-- name: find_feed
SELECT {feed}
  FROM job_feeds
 WHERE id = %(feed_id)s

-- name: request_feed_run
UPDATE job_feeds
   SET due_at = %(now)s,
       may_close_all = %(may_close_all)s,
       etag = '',
       last_modified = ''
 WHERE id = %(feed_id)s

-- name: lock_claims
-- Feeds are claimed one after the other, so that each claim sees the applications of the others.
SELECT pg_advisory_xact_lock(%(lock_space)s::integer, 0)

-- name: claim_due_feed
-- Stays due until its turn has ended, so that another process takes over from one that was killed. An
-- application has one turn at a time: its slow feeds do not take the readers of all others.
UPDATE job_feeds
   SET claimed_at = %(now)s
 WHERE id = (SELECT id
               FROM job_feeds
              WHERE due_at <= %(now)s
                AND (claimed_at IS NULL OR claimed_at <= %(abandoned_before)s)
                AND NOT EXISTS (SELECT FROM job_feeds AS other
                                 WHERE other.application_id = job_feeds.application_id
                                   AND other.claimed_at > %(abandoned_before)s)
              ORDER BY due_at
              LIMIT 1
                FOR UPDATE SKIP LOCKED)
RETURNING {feed}

-- name: end_feed_turn
-- A run that was requested meanwhile stays due.
UPDATE job_feeds
   SET claimed_at = NULL,
       due_at = CASE WHEN due_at = %(due_at)s
                     THEN %(started_at)s + interval_minutes * interval '1 minute'
                     ELSE due_at
                 END
 WHERE id = %(feed_id)s

-- name: wait_for_feed
-- The transaction that holds a feed's lock does nothing else: a server that ends idle ones leaves it alone.
-- It has changed nothing, so nothing waits for it.
SELECT set_config('idle_in_transaction_session_timeout', '0', true)

-- name: try_lock_feed
SELECT pg_try_advisory_xact_lock(%(lock_space)s::integer, %(feed_id)s::integer)

-- name: read_known_jobs
-- A job that is due for renewal is read again, as if it had changed.
SELECT partner_job_id, CASE WHEN renew_at <= %(now)s THEN '' ELSE fingerprint END
  FROM feed_jobs
 WHERE feed_id = %(feed_id)s

-- name: insert_feed_postings
-- A partner's id that is live from another feed of the application stays with that feed. One statement for a
-- whole batch: a job and its fingerprint are stored together, without a round trip in between.
WITH asked AS MATERIALIZED (
    SELECT make_job_id(nextval('job_sequence'), %(shard)s) AS job_id, partner_job_id, fingerprint,
           live_until_ms, renew_at_ms, content
      FROM jsonb_to_recordset(%(jobs)s::jsonb) AS sent ({sent_job})
), posted AS (
    INSERT INTO job_postings (
        shard, job_id, application_id, external_id, channel, listing_type, poster_email, title, company_name,
        apply_url, location, content, state, listed_at, expires_at, created_at
    )
    SELECT %(shard)s, job_id, %(application_id)s, partner_job_id, 'FEED', 'BASIC',
           lower(coalesce(content ->> 'poster_email', '')), content ->> 'title',
           coalesce(content ->> 'company_name', ''), content ->> 'application_url',
           coalesce(
               content ->> 'location_name', content ->> 'postal_code', upper(content ->> 'country_code'), ''
           ),
           content, 'LIVE', %(now)s, to_timestamp(live_until_ms / 1000.0), %(now)s
      FROM asked
        ON CONFLICT DO NOTHING
    RETURNING job_id
), kept AS (
    INSERT INTO feed_jobs (feed_id, partner_job_id, job_id, fingerprint, renew_at)
    SELECT %(feed_id)s, partner_job_id, job_id, decode(fingerprint, 'base64'),
           to_timestamp(renew_at_ms / 1000.0)
      FROM asked
      JOIN posted USING (job_id)
)
SELECT partner_job_id, job_id
  FROM asked
  JOIN posted USING (job_id)
 ORDER BY job_id

-- name: lock_feed_postings
-- Job rows before live windows, in a fixed order, to prevent deadlocks.
SELECT job_postings.job_id, partner_job_id, job_postings.created_at
  FROM feed_jobs
  JOIN job_postings ON shard = %(shard)s AND job_postings.job_id = feed_jobs.job_id
 WHERE feed_id = %(feed_id)s
   AND partner_job_id = ANY(%(partner_job_ids)s)
 ORDER BY job_postings.job_id
   FOR UPDATE OF job_postings

-- name: update_feed_postings
-- The fingerprint changes together with the job; otherwise the next run would skip a job that was not
-- written. An ended job that is back in the feed becomes live again.
WITH asked AS MATERIALIZED (
    SELECT partner_job_id, fingerprint, live_until_ms, renew_at_ms, content
      FROM jsonb_to_recordset(%(jobs)s::jsonb) AS sent ({sent_job})
), kept AS (
    UPDATE feed_jobs
       SET fingerprint = decode(asked.fingerprint, 'base64'),
           renew_at = to_timestamp(renew_at_ms / 1000.0)
      FROM asked
     WHERE feed_id = %(feed_id)s
       AND feed_jobs.partner_job_id = asked.partner_job_id
    RETURNING job_id, content AS sent, live_until_ms
)
UPDATE job_postings
   SET poster_email = lower(coalesce(sent ->> 'poster_email', '')),
       title = sent ->> 'title',
       company_name = coalesce(sent ->> 'company_name', ''),
       apply_url = sent ->> 'application_url',
       location = coalesce(
           sent ->> 'location_name', sent ->> 'postal_code', upper(sent ->> 'country_code'), ''
       ),
       content = sent,
       state = 'LIVE',
       expires_at = to_timestamp(live_until_ms / 1000.0),
       closed_at = NULL,
       revision = revision + 1
  FROM kept
 WHERE shard = %(shard)s
   AND job_postings.job_id = kept.job_id

-- name: delete_feed_jobs
DELETE FROM feed_jobs
 WHERE feed_id = %(feed_id)s
   AND partner_job_id = ANY(%(partner_job_ids)s)

-- name: delete_fingerprints
UPDATE feed_jobs
   SET fingerprint = ''
 WHERE feed_id = %(feed_id)s
   AND partner_job_id = ANY(%(partner_job_ids)s)
   AND fingerprint <> ''

-- name: insert_feed_errors
INSERT INTO feed_errors (feed_id, position, partner_job_id, path, why, title, flaws, is_error)
SELECT %(feed_id)s, position, partner_job_id, path, why, title, flaws, is_error
  FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS found (position integer, partner_job_id text, path text, why text, title text, flaws jsonb,
              is_error boolean)

-- name: delete_feed_errors
DELETE FROM feed_errors
 WHERE feed_id = %(feed_id)s

-- name: list_warnings
-- Those of the last reading: jobs that have not changed since are not read again.
SELECT position AS index, partner_job_id, path, why, title, flaws
  FROM feed_errors
 WHERE feed_id = %(feed_id)s
   AND NOT is_error

-- name: list_feed_errors
SELECT position AS index, partner_job_id, path, why, title, flaws
  FROM feed_errors
 WHERE feed_id = %(feed_id)s
   AND position > %(after)s
 ORDER BY position
 LIMIT %(rows_max)s

-- name: insert_feed_run
INSERT INTO feed_runs (
    feed_id, started_at, outcome, message, jobs, created, updated, unchanged, failed, closed, held_back,
    expected_job_count, shape, warned, notes
)
VALUES (
    %(feed_id)s, %(started_at)s, %(outcome)s, %(message)s, %(jobs)s, %(created)s, %(updated)s, %(unchanged)s,
    %(failed)s, %(closed)s, %(held_back)s, %(expected_job_count)s, %(shape)s, %(warned)s, %(notes)s
)

-- name: find_last_run
SELECT feed_id, started_at, outcome, message, jobs, created, updated, unchanged, failed, closed, held_back,
       expected_job_count, shape, warned, notes
  FROM feed_runs
 WHERE feed_id = %(feed_id)s
 ORDER BY number DESC
 LIMIT 1

-- name: list_feed_runs
SELECT number, feed_id, started_at, outcome, message, jobs, created, updated, unchanged, failed, closed,
       held_back, expected_job_count, shape, warned, notes
  FROM feed_runs
 WHERE feed_id = %(feed_id)s
   AND number > %(after)s
 ORDER BY number
 LIMIT %(rows_max)s

-- name: list_last_runs
-- The newest first.
SELECT number, feed_id, started_at, outcome, message, jobs, created, updated, unchanged, failed, closed,
       held_back, expected_job_count, shape, warned, notes
  FROM feed_runs
 WHERE feed_id = %(feed_id)s
 ORDER BY number DESC
 LIMIT %(rows_max)s

-- name: find_last_shape
SELECT shape
  FROM feed_runs
 WHERE feed_id = %(feed_id)s
   AND shape <> ''
 ORDER BY number DESC
 LIMIT 1

-- name: save_validators
-- A run that was requested meanwhile keeps what it was requested with.
UPDATE job_feeds
   SET etag = %(etag)s,
       last_modified = %(last_modified)s,
       may_close_all = false,
       read_at = %(now)s
 WHERE id = %(feed_id)s
   AND due_at IS NOT DISTINCT FROM %(due_at)s
