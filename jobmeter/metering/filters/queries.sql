-- name: list_policies
SELECT contract_id, refuses_crawlers, refuses_other_markets, refuses_excluded, late_window_hours,
       future_tolerance_seconds, refuses_non_browsers, counts_absent_agents, refuses_bursts,
       burst_window_seconds, visitor_clicks_max, network_clicks_max
  FROM filter_policies

-- name: set_policy
-- A policy is set as a whole: fields that a request omits have their defaults.
INSERT INTO filter_policies AS kept (
    contract_id, refuses_crawlers, refuses_other_markets, refuses_excluded, late_window_hours,
    future_tolerance_seconds, refuses_non_browsers, counts_absent_agents, refuses_bursts,
    burst_window_seconds, visitor_clicks_max, network_clicks_max
)
VALUES (
    %(contract_id)s, %(refuses_crawlers)s, %(refuses_other_markets)s, %(refuses_excluded)s,
    %(late_window_hours)s, %(future_tolerance_seconds)s, %(refuses_non_browsers)s, %(counts_absent_agents)s,
    %(refuses_bursts)s, %(burst_window_seconds)s, %(visitor_clicks_max)s, %(network_clicks_max)s
)
    ON CONFLICT (contract_id) DO UPDATE
   SET refuses_crawlers = excluded.refuses_crawlers,
       refuses_other_markets = excluded.refuses_other_markets,
       refuses_excluded = excluded.refuses_excluded,
       late_window_hours = excluded.late_window_hours,
       future_tolerance_seconds = excluded.future_tolerance_seconds,
       refuses_non_browsers = excluded.refuses_non_browsers,
       counts_absent_agents = excluded.counts_absent_agents,
       refuses_bursts = excluded.refuses_bursts,
       burst_window_seconds = excluded.burst_window_seconds,
       visitor_clicks_max = excluded.visitor_clicks_max,
       network_clicks_max = excluded.network_clicks_max

-- name: raise_revision
UPDATE filter_revision
   SET revision = revision + 1

-- name: list_subjects
-- What was added since the last time: one exclusion must not make every process read all of them again.
SELECT is_address, subject, id
  FROM excluded_visitors
 WHERE id > %(after_id)s

-- name: count_excluded
SELECT count(*)
  FROM excluded_visitors
 WHERE application_id = %(application_id)s

-- name: add_excluded
INSERT INTO excluded_visitors (application_id, is_address, subject, note, created_at)
VALUES (%(application_id)s, %(is_address)s, %(subject)s, %(note)s, %(created_at)s)
    ON CONFLICT (application_id, is_address, subject) DO UPDATE
   SET note = excluded.note
RETURNING id, is_address, subject, note, created_at

-- name: list_excluded
SELECT id, is_address, subject, note, created_at
  FROM excluded_visitors
 WHERE application_id = %(application_id)s
   AND id > %(after_id)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: list_all_excluded
-- Of all applications, in the order of their ids.
SELECT id, application_id, is_address, subject, note, created_at
  FROM excluded_visitors
 WHERE id > %(after_id)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: remove_excluded
DELETE FROM excluded_visitors
 WHERE application_id = %(application_id)s
   AND id = %(excluded_id)s

-- name: find_excluded_rows
-- Of events whose visitor or network is on any list of exclusions: those where the list belongs to the job's
-- own application, or to its parent.
SELECT DISTINCT row_index
  FROM unnest(%(row_indexes)s::integer[], %(job_ids)s::bigint[], %(visitors)s::bigint[],
              %(addresses)s::bigint[])
    AS suspect (row_index, suspect_job, visitor, address)
  JOIN job_postings
    ON job_postings.shard = {shard: shard_of(suspect_job)}
   AND job_postings.job_id = suspect_job
  JOIN applications
    ON applications.id = job_postings.application_id
  JOIN excluded_visitors
    ON excluded_visitors.application_id IN (applications.id, applications.parent_id)
   AND subject = CASE WHEN is_address THEN address ELSE visitor END

-- name: add_refusals
INSERT INTO job_day_refusals AS kept (shard, job_id, day, verdict, clicks)
SELECT {shard: shard}, job_id, day, verdict, clicks
  FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[], %(days)s::date[], %(verdicts)s::smallint[],
              %(clicks)s::integer[]) AS refused (shard, job_id, day, verdict, clicks)
    ON CONFLICT (shard, job_id, day, verdict) DO UPDATE
   SET clicks = kept.clicks + excluded.clicks

-- name: count_refusals
-- Of all tenants, by an index of the days.
SELECT day, verdict, sum(clicks)::bigint AS clicks
  FROM job_day_refusals
 WHERE day BETWEEN %(first)s AND %(last)s
 GROUP BY day, verdict
 ORDER BY day, verdict

-- name: add_refused_events
-- Once for the operator, and once for the application whose job is named.
WITH sent AS (
    SELECT row_index, source, event_id, type, time_ms, sent_job, verdict, message
      FROM unnest(%(row_indexes)s::integer[], %(sources)s::text[], %(event_ids)s::text[], %(types)s::text[],
                  %(times_ms)s::bigint[], %(job_ids)s::bigint[], %(verdicts)s::smallint[],
                  %(messages)s::text[])
        AS refused (row_index, source, event_id, type, time_ms, sent_job, verdict, message)
)
INSERT INTO refused_events (owner_id, source, event_id, type, time_ms, job_id, verdict, message, received_at)
SELECT owner_id, source, event_id, type, time_ms, sent_job, verdict, message, %(received_at)s
  FROM (SELECT 0::bigint AS owner_id, row_index, source, event_id, type, time_ms, sent_job, verdict, message
          FROM sent
         UNION ALL
        SELECT application_id, sent.row_index, source, event_id, type, time_ms, sent_job, verdict, message
          FROM sent
          JOIN job_postings
            ON job_postings.shard = shard_of(sent_job)
           AND job_postings.job_id = sent_job) AS owned
 ORDER BY owner_id, row_index

-- name: list_refused_events
SELECT number, source, event_id, type, time_ms, job_id, verdict, message, received_at
  FROM refused_events
 WHERE owner_id = %(owner_id)s
 ORDER BY number DESC
 LIMIT %(rows_max)s

-- name: trim_refused_events
WITH ranked AS (
    SELECT owner_id, number, row_number() OVER (PARTITION BY owner_id ORDER BY number DESC) AS rank
      FROM refused_events
)
DELETE FROM refused_events
 USING ranked
 WHERE refused_events.owner_id = ranked.owner_id
   AND refused_events.number = ranked.number
   AND rank > %(rows_max)s

-- name: list_recent_clicks
-- What was stored in these windows before; `place` is the position of a window in the question.
SELECT place, clicks
  FROM unnest(%(window_ms)s::bigint[], %(contract_ids)s::bigint[], %(kinds)s::smallint[],
              %(subjects)s::bigint[])
  WITH ORDINALITY AS asked (window_ms, contract_id, kind, subject, place)
  JOIN recent_clicks USING (window_ms, contract_id, kind, subject)

-- name: add_recent_clicks
-- The rows are sorted, so that two batches wait for each other in one order.
INSERT INTO recent_clicks AS kept (window_ms, contract_id, kind, subject, clicks)
SELECT window_ms, contract_id, kind, subject, clicks
  FROM unnest(%(window_ms)s::bigint[], %(contract_ids)s::bigint[], %(kinds)s::smallint[],
              %(subjects)s::bigint[], %(clicks)s::integer[])
    AS counted (window_ms, contract_id, kind, subject, clicks)
    ON CONFLICT (window_ms, contract_id, kind, subject) DO UPDATE
   SET clicks = kept.clicks + excluded.clicks

-- name: trim_recent_clicks
DELETE FROM recent_clicks
 WHERE window_ms < %(before_ms)s

-- name: add_day_lists
INSERT INTO day_filter_lists (day, lists, first_used_at)
SELECT day, %(lists)s, %(now)s
  FROM unnest(%(days)s::date[]) AS used (day)
    ON CONFLICT DO NOTHING
RETURNING day

-- name: list_day_lists
SELECT day, lists, first_used_at
  FROM day_filter_lists
 ORDER BY day DESC, first_used_at DESC
 LIMIT %(rows_max)s
