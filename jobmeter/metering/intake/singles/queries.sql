-- uses: jobmeter.charging.charge

-- name: take_events
-- Stores the events that are new and charges them. It begins only where filters and live windows are those
-- that they were judged by, and is taken back where a window changes before its job is locked. Events come
-- before jobs, both in the order of their keys, as in a batch. What was stored of a job and the revision that
-- it was judged by are put together without a join. Returns at least one row.
WITH judged AS (
    SELECT shard, job_id, judged_revision
      FROM unnest(%(judged_shards)s::smallint[], %(judged_jobs)s::bigint[], %(revisions)s::integer[])
        AS judged (shard, job_id, judged_revision)
), started AS (
    SELECT nextval('event_batches') AS batch
      FROM filter_revision
     WHERE only_one
       AND revision = %(filter_revision)s
       AND NOT EXISTS (SELECT
                         FROM judged JOIN job_budgets USING (shard, job_id)
                        WHERE revision <> judged_revision)
), stored AS (
    INSERT INTO events (shard, event_key, job_id, kind, verdict, visitor, address, batch)
    SELECT shard, event_key, job_id, kind, {Verdict.COUNTED}, visitor, address, batch
      FROM started
     CROSS JOIN unnest(%(shards)s::smallint[], %(keys)s::uuid[], %(job_ids)s::bigint[],
                       %(kinds)s::smallint[], %(visitors)s::bigint[], %(addresses)s::bigint[])
        AS sent (shard, event_key, job_id, kind, visitor, address)
        ON CONFLICT (shard, event_key) DO NOTHING
    RETURNING shard, job_id, kind
), asked AS (
    SELECT shard, job_id, max(judged_revision) AS judged_revision, max(batch) AS batch, 0 AS refused,
           count(*) FILTER (WHERE kind = {EventKind.VIEW}) AS views,
           count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK}) AS clicks,
           count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK})::integer AS chargeable,
           charge_reference(%(day)s, job_id, max(batch)) AS reference
      FROM (SELECT shard, job_id, judged_revision, NULL::smallint AS kind FROM judged
             UNION ALL
            SELECT shard, job_id, NULL, kind FROM stored) AS known
     CROSS JOIN started
     GROUP BY shard, job_id
    HAVING bool_or(kind IS NOT NULL)
     ORDER BY shard, job_id
), {charge}
SELECT is_taken, job_id, apply_url, is_live
  FROM (SELECT require_current(count(*) FILTER (WHERE is_stale) = 0)
               AND EXISTS (SELECT FROM started) AS is_taken
          FROM paid) AS done
  LEFT JOIN (judged JOIN apply_targets USING (shard, job_id)) ON true
