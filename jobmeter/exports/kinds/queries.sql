-- name: find_jobs
-- Jobs that an application posted under these ids, of every channel.
SELECT job_id
  FROM unnest(%(shards)s::smallint[], %(application_ids)s::bigint[]) AS asked (asked_shard, asked_application)
  JOIN job_postings
    ON shard = asked_shard
   AND application_id = asked_application
 WHERE external_id = ANY(%(external_ids)s)
 ORDER BY job_id

-- name: list_final_days
-- Those that were final at a moment.
SELECT day
  FROM settled_days
 WHERE day BETWEEN %(first)s AND %(last)s
   AND settled_at <= coalesce(%(as_of)s, settled_at)

-- name: list_charged_days
-- The next days of an application's jobs on which clicks were ever charged. A posting charges at least one
-- click, so `clicks` bounds the number of its postings.
SELECT job_id, external_id, day, clicks_charged + clicks_reversed AS clicks
  FROM job_postings AS job
 CROSS JOIN LATERAL (
       SELECT day, clicks_charged, clicks_reversed
         FROM job_day_sums
        WHERE shard = %(shard)s
          AND job_day_sums.job_id = job.job_id
          AND day BETWEEN %(first)s AND %(last)s
          AND job_day_sums.partner_contract_id = ANY(%(contract_ids)s)
       OFFSET 0) AS days
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND job_id >= %(after_job)s
   AND (job_id, day, 9223372036854775807) > (%(after_job)s, %(after_day)s, %(after_batch)s)
   AND clicks_charged + clicks_reversed > 0
   AND (%(job_ids)s::bigint[] IS NULL OR job_id = ANY(%(job_ids)s))
 ORDER BY job_id, day
 LIMIT %(days_max)s

-- name: list_charges
-- The charges of those days. Those of a shard's day are by batch in the index, which is gone through once for
-- all jobs of the day.
WITH asked AS (
    SELECT asked_job, external_id, asked_day, place
      FROM unnest(%(job_ids)s::bigint[], %(external_ids)s::text[], %(days)s::date[])
           WITH ORDINALITY AS asked (asked_job, external_id, asked_day, place)
), asked_days AS (
    SELECT asked_day, array_agg(asked_job) AS jobs
      FROM asked
     GROUP BY asked_day
)
SELECT job_id, external_id, reference, {Purpose.CHARGE} AS purpose, amount_micros AS amount,
       currency AS unit, day, booked_at, batch, NULL::uuid AS corrects
  FROM asked_days
 CROSS JOIN LATERAL (
       SELECT job_id, reference, amount_micros, currency, day, booked_at, batch
         FROM charges
        WHERE shard = %(shard)s
          AND day = asked_days.asked_day
          AND job_id = ANY(jobs)
       OFFSET 0) AS charged
  JOIN asked
    ON asked_job = job_id
   AND asked.asked_day = day
 WHERE (job_id, day, batch) > (%(after_job)s, %(after_day)s, %(after_batch)s)
 ORDER BY place, batch

-- name: list_corrections
-- What a contract returned of charges, as its postings in one shard: a reversal is in that of its charge, a
-- credit in that of the contract. The cause of both is the job.
SELECT job_id, external_id, application_id, reference, purpose, amount, unit, day, booked_at, number, corrects
  FROM (SELECT reference, purpose, amount, unit, day, booked_at, number, corrects, cause
          FROM bookings_of_source(%(shard)s, {AccountKind.EARNED}, %(contract_id)s, %(first)s, %(last)s)
         WHERE (day, number) > (%(after_day)s, %(after_number)s)
           AND purpose IN ({Purpose.REVERSE}, {Purpose.ADJUST})
           AND corrects IS NOT NULL) AS returned
 CROSS JOIN LATERAL posting_of(shard_of(cause), cause) AS job
 WHERE application_id = ANY(%(application_ids)s)
   AND (%(job_ids)s::bigint[] IS NULL OR job_id = ANY(%(job_ids)s))
 ORDER BY day, number
 LIMIT %(rows_max)s

-- name: list_events
-- The next events of a shard in the order of their keys, which begin with the time. Those of others have no
-- application; they are here so that the caller sees how far the shard was read.
SELECT page.event_key, event_key_ms(page.event_key) AS time_ms, kind, verdict, page.batch, rule, charge,
       mine.job_id, mine.application_id, external_id, currency, click_price_micros AS price_micros,
       coalesce(apply_clicks - clicks_charged, 0)
       + CASE WHEN live_day = of_day THEN day_clicks - day_charged ELSE 0 END AS clicks_free
  FROM (SELECT event_key, job_id, kind, verdict, batch
          FROM events
         WHERE shard = %(shard)s
           AND event_key > %(after)s
           AND event_key >= event_key_floor(%(first)s)
           AND event_key < event_key_floor(%(last)s + 1)
           AND kind = ANY(%(kinds)s)
         ORDER BY event_key
         LIMIT %(rows_max)s) AS page
 CROSS JOIN LATERAL (
       SELECT (to_timestamp(event_key_ms(page.event_key) / 1000) AT TIME ZONE 'UTC')::date AS of_day) AS dated
  LEFT JOIN job_postings AS mine
    ON mine.shard = %(shard)s
   AND mine.job_id = page.job_id
   AND application_id = ANY(%(application_ids)s)
   AND (%(contract_id)s::bigint IS NULL OR mine.partner_contract_id = %(contract_id)s)
   AND (%(job_ids)s::bigint[] IS NULL OR mine.job_id = ANY(%(job_ids)s))
  LEFT JOIN job_budgets
    ON job_budgets.shard = %(shard)s
   AND job_budgets.job_id = mine.job_id
  LEFT JOIN event_reversals
    ON event_reversals.shard = %(shard)s
   AND event_reversals.event_key = page.event_key
  LEFT JOIN job_days
    ON job_days.shard = %(shard)s
   AND job_days.job_id = mine.job_id
   AND job_days.day = of_day
 ORDER BY page.event_key
