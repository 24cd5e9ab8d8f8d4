-- uses: jobmeter.charging.charge

-- name: take_events
-- Stores the events that are new and charges them. It begins only where filters and live windows are those
-- that they were judged by, and is taken back where a window changes before its job is locked. Events come
-- before jobs, both in the order of their keys, as in a batch. What was stored of a job and the revision that
-- it was judged by are put together without a join. A job whose events count is for the public, so that its
-- content, which can be long, is not read (as `apply_targets` does). Returns at least one row. A distributed
-- database (Citus) carries out no subquery without a column beside tables of its coordinator.
WITH judged AS (
    SELECT shard, job_id, judged_by
      FROM unnest(%(judged_shards)s::smallint[], %(judged_jobs)s::bigint[], %(revisions)s::integer[])
        AS judged (shard, job_id, judged_by)
), started AS (
    SELECT nextval('event_batches') AS batch
      FROM filter_revision
     WHERE only_one
       AND revision = %(filter_revision)s
       AND NOT EXISTS (SELECT 1
                         FROM judged JOIN job_budgets USING (shard, job_id)
                        WHERE shard = {shard: shard} AND revision <> judged_by)
), stored AS (
    INSERT INTO events (shard, event_key, job_id, kind, visitor, address, verdict, batch)
    SELECT {shard: unnest(%(shards)s::smallint[])}, unnest(%(keys)s::uuid[]), unnest(%(job_ids)s::bigint[]),
           unnest(%(kinds)s::smallint[]), unnest(%(visitors)s::bigint[]), unnest(%(addresses)s::bigint[]),
           {Verdict.COUNTED}, batch
      FROM started
        ON CONFLICT (shard, event_key) DO NOTHING
    RETURNING shard, job_id, kind
), asked AS (
    SELECT shard, job_id, max(judged_by) AS judged_by, batch, 0 AS refused,
           count(*) FILTER (WHERE kind = {EventKind.VIEW}) AS views,
           count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK}) AS clicks,
           count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK})::integer AS chargeable,
           charge_reference(%(day)s, job_id, batch) AS reference
      FROM (SELECT shard, job_id, judged_by, NULL::smallint AS kind FROM judged
             UNION ALL
            SELECT shard, job_id, NULL, kind FROM stored) AS known
     CROSS JOIN started
     GROUP BY shard, job_id, batch
    HAVING max(kind) IS NOT NULL
     ORDER BY shard, job_id
), {charge}
SELECT is_taken, job_id, apply_address(apply_url, poster_email) AS apply_url, state = 'LIVE' AS is_live
  FROM (SELECT require_current(bool_or(is_stale) IS NOT TRUE)
               AND EXISTS (SELECT FROM started) AS is_taken
          FROM paid) AS done
  LEFT JOIN (judged JOIN job_postings USING (shard, job_id)) ON shard = {shard: shard}
