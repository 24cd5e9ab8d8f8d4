-- columns: chosen
FROM all_job_days
  JOIN job_postings USING (shard, job_id)
 WHERE all_job_days.partner_contract_id = ANY(%(contract_ids)s)
   AND all_job_days.day BETWEEN %(first)s AND %(last)s
   AND application_id = coalesce(%(application_id)s, application_id)
   AND all_job_days.job_id = coalesce(%(job_id)s, all_job_days.job_id)
   AND clicks_refused + clicks_reversed + apply_clicks - clicks_charged > 0

-- columns: sums
sum(apply_clicks - clicks_charged)::bigint AS free, sum(clicks_refused)::bigint AS refused,
       sum(clicks_reversed)::bigint AS reversed

-- name: list_not_charged
-- A page of job days with uncharged clicks: refused at intake by reason, beyond a budget or limit, reversed
-- by settlement by rule. `apply_clicks` are those that still count.
SELECT days.job_id, external_id, application_id, days.day, apply_clicks, clicks_charged,
       clicks_refused, clicks_reversed, refused.reasons AS refused, reversed.reasons AS reversed
  FROM job_postings
 CROSS JOIN LATERAL (
       SELECT shard, job_id, day, apply_clicks, clicks_charged, clicks_refused, clicks_reversed
         FROM job_day_sums
        WHERE job_day_sums.shard = job_postings.shard
          AND job_day_sums.job_id = job_postings.job_id
          AND job_day_sums.day BETWEEN %(first)s AND %(last)s
       OFFSET 0) AS days
 CROSS JOIN LATERAL (
       SELECT coalesce(jsonb_object_agg(verdict, clicks), '{}') AS reasons
         FROM job_day_refusals AS one
        WHERE one.shard = days.shard
          AND one.job_id = days.job_id
          AND one.day = days.day) AS refused
 CROSS JOIN LATERAL (
       SELECT coalesce(jsonb_object_agg(rule, clicks), '{}') AS reasons
         FROM (SELECT rule, sum(counted::integer) AS clicks
                 FROM job_day_restatements AS one
                CROSS JOIN LATERAL jsonb_each_text(one.reasons) AS counts (rule, counted)
                WHERE one.shard = days.shard AND one.job_id = days.job_id AND one.day = days.day
                GROUP BY rule) AS by_rule) AS reversed
 WHERE (application_id = %(application_id)s OR job_postings.partner_contract_id = ANY(%(contract_ids)s))
   AND external_id = coalesce(%(external_id)s, external_id)
   AND clicks_refused + clicks_reversed + apply_clicks - clicks_charged > 0
   AND job_postings.job_id >= %(after_job)s
   AND (days.job_id, days.day) > (%(after_job)s, %(after_day)s)
 ORDER BY days.job_id, days.day
 LIMIT %(rows_max)s

-- name: sum_by_reason
-- How many clicks each filter refused, a budget left free, and each rule reversed. A day is joined once, also
-- where it has two rows.
WITH chosen AS (
    SELECT shard, job_id, day, sum(apply_clicks - clicks_charged) AS free
      {chosen}
     GROUP BY shard, job_id, day
)
SELECT 'REFUSED' AS source, verdict::integer AS number, sum(clicks)::bigint AS clicks
  FROM chosen
  JOIN job_day_refusals USING (shard, job_id, day)
 GROUP BY verdict
 UNION ALL
SELECT 'FREE', 0, sum(free)::bigint
  FROM chosen
HAVING sum(free) > 0
 UNION ALL
SELECT 'REVERSED', rule::integer, sum(counted::integer)::bigint
  FROM chosen
  JOIN job_day_restatements USING (shard, job_id, day)
 CROSS JOIN LATERAL jsonb_each_text(reasons) AS counts (rule, counted)
 GROUP BY rule
 ORDER BY clicks DESC, source, number

-- name: sum_by_day
SELECT all_job_days.day, {sums}
  {chosen}
 GROUP BY all_job_days.day
 ORDER BY all_job_days.day DESC

-- name: sum_by_job
-- The jobs with the most of them.
SELECT job_id, external_id, title, {sums}
  {chosen}
 GROUP BY shard, job_id, external_id, title
 ORDER BY sum(clicks_refused + clicks_reversed + apply_clicks - clicks_charged) DESC, job_id
 LIMIT %(jobs_max)s
