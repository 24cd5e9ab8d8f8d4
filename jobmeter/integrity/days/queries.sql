-- Each statement checks one law and returns how many rows it checked, how many break the law, and one of
-- those in words. A condition that is null counts as broken.

-- name: check_partitions
-- A day has its partition of events until it is dropped, and is dropped only after it is final. While it is
-- settled, and after, its partition refuses events.
WITH closed AS (
    SELECT tgrelid
      FROM pg_trigger
     WHERE tgname = 'day_is_closed'
       AND tgenabled IN ('O', 'A')
), looked AS (
    SELECT day,
           event_days.day IS NOT NULL
           AND (partition IS NULL) = (dropped_at IS NOT NULL)
           AND (dropped_at IS NULL OR dropped_at >= settled_at)
           AND (partition IS NULL OR (judged_at IS NOT NULL) = (tgrelid IS NOT NULL)) AS holds
      FROM event_days
      FULL JOIN event_partitions USING (day)
      LEFT JOIN settled_days USING (day)
      LEFT JOIN settlement_runs USING (day)
      LEFT JOIN closed ON tgrelid = partition
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('%s: its events are not where they were stored, or not closed', day))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_settlement
-- Days become final in order, once, after every job with marked clicks is done. The times of the steps are
-- not compared: each is that of the process that made it, and clocks differ, above all when a sandbox's is
-- moved.
WITH waiting AS (
    SELECT day, count(*) AS jobs
      FROM settlement_jobs
     GROUP BY day
), looked AS (
    SELECT day,
           runs.day IS NOT NULL
           AND event_days.day IS NOT NULL
           AND judged_at >= (day + 3) AT TIME ZONE 'UTC'
           AND (settled_at IS NULL
                OR waiting.jobs IS NULL
               AND day < (SELECT coalesce(min(day), 'infinity')
                            FROM event_days
                           WHERE day NOT IN (SELECT day FROM settled_days)))
           AND (settled_at IS NOT NULL
                OR day = (SELECT min(day)
                            FROM event_days
                           WHERE day NOT IN (SELECT day FROM settled_days))) AS holds
      FROM settlement_runs AS runs
      FULL JOIN settled_days USING (day)
      FULL JOIN waiting USING (day)
      LEFT JOIN event_days USING (day)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('%s was settled out of order, or twice, or not wholly', day))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_live_days
-- A final day is counted in no budget any more: its figures are read in the roll-up alone.
WITH looked AS (
    SELECT job_id, live_day, settled_days.day IS NULL AS holds
      FROM job_budgets
      LEFT JOIN settled_days ON settled_days.day = live_day
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE NOT holds) AS breaches,
       min(format('job %s: its budget counts %s, which is final', job_id, live_day))
           FILTER (WHERE NOT holds) AS example
  FROM looked

-- name: check_settled_clicks
-- What a run of settlement counted is what its day's figures still say.
WITH summed AS (
    SELECT day, sum(apply_clicks + clicks_reversed) AS counted, sum(clicks_reversed) AS back
      FROM job_days
     GROUP BY day
), looked AS (
    SELECT day, clicks, clicks_reversed, coalesce(counted, 0) AS now, coalesce(back, 0) AS back
      FROM (SELECT day, clicks, clicks_reversed
              FROM settlement_runs
             WHERE day >= coalesce((SELECT least(folded_before,
                                                 (SELECT min(day) FROM event_days WHERE dropped_at IS NULL))
                                      FROM job_day_folds), '-infinity')
               AND day NOT IN (SELECT day FROM settlement_jobs)) AS runs
      LEFT JOIN summed USING (day)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE (clicks, clicks_reversed) <> (now, back)) AS breaches,
       min(format('%s: %s clicks and %s reversed were settled, %s and %s are counted', day, clicks,
                  clicks_reversed, now, back))
           FILTER (WHERE (clicks, clicks_reversed) <> (now, back)) AS example
  FROM looked

-- name: check_reversals
-- Law 5. What settlement marked is what it reversed: the clicks by job and day, as long as their events are
-- kept. A job that is still waiting for its step has marks but no reversal.
WITH marked AS (
    SELECT job_id, (timestamptz 'epoch' + event_key_ms(event_key) * interval '1 millisecond')::date AS day,
           count(*) AS clicks
      FROM event_reversals
     GROUP BY job_id, day
), lowered AS (
    SELECT job_id, day, clicks_reversed
      FROM job_days
      JOIN event_partitions USING (day)
     WHERE clicks_reversed > 0
), waiting AS (
    SELECT job_id, day
      FROM settlement_jobs
     WHERE day NOT IN (SELECT day FROM settled_days)
), looked AS (
    SELECT job_id, day, coalesce(clicks, 0) AS clicks, coalesce(clicks_reversed, 0) AS reversed,
           CASE WHEN waiting.job_id IS NULL THEN clicks = clicks_reversed
                ELSE clicks > 0 AND clicks_reversed IS NULL
           END AS holds
      FROM marked
      FULL JOIN lowered USING (job_id, day)
      FULL JOIN waiting USING (job_id, day)
)
SELECT coalesce(sum(clicks), 0)::bigint AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s on %s: %s clicks marked, %s reversed', job_id, day, clicks, reversed))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_reversed_charges
-- Law 5. A charge is reversed by what its marked clicks cost, as long as their events are kept.
WITH marked AS (
    SELECT job_id, charge, sum(amount_micros) AS micros,
           (timestamptz 'epoch' + event_key_ms(min(event_key::text)::uuid) * interval '1 millisecond')::date
               AS day
      FROM event_reversals
     WHERE charge IS NOT NULL
     GROUP BY job_id, charge
), done AS (
    SELECT charge, micros
      FROM marked
      LEFT JOIN settlement_jobs USING (job_id, day)
     WHERE settlement_jobs.day IS NULL
), posted AS (
    SELECT corrects AS charge, sum(amount) AS micros
      FROM ledger_bookings
      JOIN event_partitions USING (day)
     WHERE purpose = {Purpose.REVERSE}
     GROUP BY corrects
), looked AS (
    SELECT charge, done.micros AS marked, posted.micros AS reversed
      FROM done
      FULL JOIN posted USING (charge)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE marked IS DISTINCT FROM reversed) AS breaches,
       min(format('charge %s: %s marked, %s reversed', charge, marked, reversed))
           FILTER (WHERE marked IS DISTINCT FROM reversed) AS example
  FROM looked

-- name: check_reversal_marks
-- Law 5. A mark names a counted click of its job and batch, the charge of that batch or none, and the price.
WITH looked AS (
    SELECT marks.event_key,
           marks.shard = shard_of(marks.job_id)
           AND (events.job_id, events.batch) = (marks.job_id, marks.batch)
           AND kind = {EventKind.APPLY_CLICK}
           AND verdict = {Verdict.COUNTED}
           AND (charge IS NULL
                OR charge = charge_reference(
                       (timestamptz 'epoch' + event_key_ms(marks.event_key) * interval '1 millisecond')::date,
                       marks.job_id, marks.batch))
           AND amount_micros = CASE WHEN charge IS NULL THEN 0 ELSE click_price_micros END AS holds
      FROM event_reversals AS marks
      LEFT JOIN events USING (shard, event_key)
      LEFT JOIN job_budgets ON job_budgets.shard = marks.shard AND job_budgets.job_id = marks.job_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('the mark of event %s does not fit its click', event_key))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_restatements
-- A restatement leads from figures that were possible to the ones that it names, and the last one of a day to
-- those that are kept. What arrived within the day before midnight is not restated, so that figures may grow
-- between two of them.
WITH restated AS (
    SELECT job_id, day, number, partner_contract_id,
           array[views, apply_clicks, clicks_charged, clicks_refused, charge_micros] AS changes,
           array[after_views, after_apply_clicks, after_clicks_charged, after_clicks_refused,
                 after_charge_micros] AS figures,
           shard = shard_of(job_id) AND recorded_at >= (day + 1) AT TIME ZONE 'UTC'
           AND (batch > 0 AND reasons = '{}' AND cause = {RestatementCause.LATE_EVENTS}
                OR batch = 0 AND reasons <> '{}' AND cause = {RestatementCause.SETTLEMENT}) AS is_whole
      FROM job_day_restatements
), kept AS (
    SELECT job_id, day,
           array[views, apply_clicks, clicks_charged, clicks_refused, charge_micros] AS figures
      FROM job_day_sums
), steps AS (
    SELECT job_id, day, changes, restated.figures,
           is_whole AND restated.partner_contract_id = job_budgets.partner_contract_id AS is_whole,
           lag(restated.figures) OVER numbered AS figures_before,
           CASE WHEN lead(number) OVER numbered IS NULL THEN kept.figures END AS figures_kept
      FROM restated
      LEFT JOIN kept USING (job_id, day)
      LEFT JOIN job_budgets USING (job_id)
    WINDOW numbered AS (PARTITION BY job_id, day ORDER BY number)
), looked AS (
    SELECT job_id, day,
           is_whole
           AND (figures_kept IS NULL OR NOT EXISTS (
                SELECT FROM unnest(figures, figures_kept) AS pair (stated, kept) WHERE kept < stated))
           AND NOT EXISTS (
               SELECT FROM unnest(figures, changes, coalesce(figures_before, '{0,0,0,0,0}'))
                        AS step (stated, change, before)
                WHERE stated - change < before) AS holds
      FROM steps
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s on %s: its restatements do not lead to its figures', job_id, day))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_settled_restatements
-- What settlement took back of a job's day is restated once: the clicks by rule, and what was charged for
-- them.
WITH stated AS (
    SELECT job_id, day, count(*) AS times, sum(apply_clicks) AS clicks, sum(clicks_charged) AS charged,
           sum(charge_micros) AS micros, sum(views) + sum(clicks_refused) AS others,
           sum((SELECT sum(counted::bigint) FROM jsonb_each_text(reasons) AS reason (rule, counted)))
               AS by_rule,
           min(recorded_at) AS stated_at
      FROM job_day_restatements
     WHERE cause = {RestatementCause.SETTLEMENT}
     GROUP BY job_id, day
), lowered AS (
    SELECT job_id, day, clicks_reversed AS reversed
      FROM job_days
     WHERE clicks_reversed > 0
       AND day > date '1970-01-01'
), looked AS (
    SELECT job_id, day,
           times = 1 AND others = 0 AND stated.clicks = -by_rule
           AND (by_rule = reversed
                OR reversed IS NULL AND day < (SELECT folded_before FROM job_day_folds))
           AND micros = charged * click_price_micros
           AND stated_at BETWEEN judged_at AND touched_at AS holds
      FROM stated
      FULL JOIN lowered USING (job_id, day)
      LEFT JOIN job_budgets USING (job_id)
      LEFT JOIN settlement_runs USING (day)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s on %s: what settlement took back is not what was restated', job_id, day))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_marked_rules
-- The rules of the marked clicks are those that the restatement of settlement counts, while marks are kept.
WITH marked AS (
    SELECT job_id, (timestamptz 'epoch' + event_key_ms(event_key) * interval '1 millisecond')::date AS day,
           rule::text AS rule, count(*) AS clicks
      FROM event_reversals
     GROUP BY job_id, day, rule
), stated AS (
    SELECT job_id, day, reason.rule, sum(counted::bigint) AS clicks
      FROM job_day_restatements
      JOIN event_partitions USING (day)
     CROSS JOIN LATERAL jsonb_each_text(reasons) AS reason (rule, counted)
     GROUP BY job_id, day, reason.rule
), looked AS (
    SELECT job_id, day, rule, marked.clicks AS marked, stated.clicks AS stated
      FROM marked
      FULL JOIN stated USING (job_id, day, rule)
      LEFT JOIN settlement_jobs USING (job_id, day)
     WHERE settlement_jobs.day IS NULL
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE marked IS DISTINCT FROM stated) AS breaches,
       min(format('job %s on %s: %s clicks marked by rule %s, %s restated', job_id, day, marked, rule,
                  stated))
           FILTER (WHERE marked IS DISTINCT FROM stated) AS example
  FROM looked

-- name: check_settled_rules
-- What a run of settlement says that each rule reversed is what the restatements of the day count.
WITH run AS (
    SELECT day, clicks_reversed, reversed_by_rule
      FROM settlement_runs
     WHERE reversed_by_rule IS NOT NULL
       AND day NOT IN (SELECT day FROM settlement_jobs)
), kept AS (
    SELECT day, rule, counted::bigint AS clicks
      FROM run
     CROSS JOIN jsonb_each_text(reversed_by_rule) AS reason (rule, counted)
), stated AS (
    SELECT day, reason.rule, sum(counted::bigint) AS clicks
      FROM job_day_restatements
      JOIN run USING (day)
     CROSS JOIN LATERAL jsonb_each_text(reasons) AS reason (rule, counted)
     WHERE cause = {RestatementCause.SETTLEMENT}
     GROUP BY day, reason.rule
), looked AS (
    SELECT day, kept.clicks = stated.clicks AS holds
      FROM kept
      FULL JOIN stated USING (day, rule)
     UNION ALL
    SELECT day, clicks_reversed = (SELECT coalesce(sum(clicks), 0) FROM kept WHERE kept.day = run.day)
      FROM run
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('%s: the rules reversed other numbers of clicks than it says', day))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_restatement_seals
-- Law 3. Restatements are what was sealed of them, and each seal continues the one before.
WITH sealed AS (
    SELECT round, until_number, restatements, content, digest,
           coalesce(lag(digest) OVER (ORDER BY round), '') AS digest_before,
           coalesce(lag(until_number) OVER (ORDER BY round), 0) AS after_number
      FROM restatement_seals
), bounds AS (
    SELECT array_agg(until_number ORDER BY round) AS untils, array_agg(round ORDER BY round) AS rounds
      FROM restatement_seals
), found AS (
    SELECT rounds[width_bucket(number - 1, untils) + 1] AS round, count(*) AS restatements,
           sha256(convert_to(string_agg(restatement_text(
               number, shard, job_id, day, recorded_at, cause, batch, reasons, partner_contract_id, views,
               apply_clicks, clicks_charged, clicks_refused, charge_micros, after_views, after_apply_clicks,
               after_clicks_charged, after_clicks_refused, after_charge_micros),
               '' ORDER BY number), 'UTF8')) AS content
      FROM job_day_restatements
     CROSS JOIN bounds
     WHERE number <= untils[array_length(untils, 1)]
     GROUP BY round
), looked AS (
    SELECT round, coalesce(sealed.restatements, found.restatements) AS restatements,
           sealed.restatements = coalesce(found.restatements, 0)
           AND sealed.content = coalesce(found.content, sha256(''))
           AND digest = sha256(digest_before || sealed.content)
           AND until_number > after_number
           AND until_number = least(after_number + 1000000, (SELECT rounds.until_number
                                                               FROM ledger_seal_rounds AS rounds
                                                              WHERE rounds.round = sealed.round)) AS holds
      FROM sealed
      FULL JOIN found USING (round)
)
SELECT coalesce(sum(restatements), 0)::bigint AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('the restatements of round %s are not as they were sealed', round))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_refusals
-- The clicks that intake refused are as many by reason as in all. Compacted days are summed by job.
WITH stated AS (
    SELECT job_id, CASE WHEN day < folded_before THEN date '1970-01-01' ELSE day END AS day,
           sum(clicks) AS clicks,
           bool_and(shard = shard_of(job_id) AND verdict > {Verdict.COUNTED}) AS is_whole
      FROM job_day_refusals
     CROSS JOIN (SELECT coalesce(min(folded_before), '-infinity') AS folded_before
                   FROM job_day_folds) AS folds
     GROUP BY 1, 2
), kept AS (
    SELECT job_id, CASE WHEN day < folded_before THEN date '1970-01-01' ELSE day END AS day,
           sum(clicks_refused) AS clicks
      FROM all_job_days
     CROSS JOIN (SELECT coalesce(min(folded_before), '-infinity') AS folded_before
                   FROM job_day_folds) AS folds
     WHERE clicks_refused > 0
     GROUP BY 1, 2
), looked AS (
    SELECT job_id, day, stated.clicks AS stated, kept.clicks AS kept, is_whole
      FROM stated
      FULL JOIN kept USING (job_id, day)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE stated IS DISTINCT FROM kept OR is_whole IS NOT TRUE) AS breaches,
       min(format('job %s on %s: %s clicks refused, %s by reason', job_id, day, kept, stated))
           FILTER (WHERE stated IS DISTINCT FROM kept OR is_whole IS NOT TRUE) AS example
  FROM looked

-- name: check_refused_events
-- As many clicks are refused for each reason as their events say, while these are kept.
WITH kept AS (
    SELECT array_agg(event_key_floor(day) ORDER BY day) AS floors, array_agg(day ORDER BY day) AS days
      FROM event_partitions
), counted AS (
    SELECT shard, days[width_bucket(event_key, floors)] AS day, job_id, verdict, count(*) AS clicks
      FROM events
     CROSS JOIN kept
     WHERE kind = {EventKind.APPLY_CLICK}
       AND verdict <> {Verdict.COUNTED}
     GROUP BY shard, 2, job_id, verdict
), looked AS (
    SELECT job_id, day, verdict, stored.clicks AS stored, stated.clicks AS stated
      FROM counted AS stored
      FULL JOIN (SELECT shard, day, job_id, verdict, clicks
                   FROM job_day_refusals JOIN event_partitions USING (day)) AS stated
             USING (shard, day, job_id, verdict)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE stored IS DISTINCT FROM stated) AS breaches,
       min(format('job %s on %s: %s clicks refused by %s, %s stored', job_id, day, stated, verdict, stored))
           FILTER (WHERE stored IS DISTINCT FROM stated) AS example
  FROM looked

-- name: check_events
-- An event is in the shard of its job and in the day of its time; its kind and verdict are known.
WITH looked AS (
    SELECT event_key, batch,
           shard = shard_of(job_id)
           AND kind IN ({EventKind.VIEW}, {EventKind.APPLY_CLICK})
           AND verdict >= {Verdict.COUNTED}
           AND batch BETWEEN 1 AND last_value AS holds
      FROM events
     CROSS JOIN (SELECT last_value FROM event_batches) AS batches
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('event %s of batch %s is not one of intake', event_key, batch))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_progress
-- Copies for reports reach as far as they say, and no further than days are final.
WITH progress AS (
    SELECT count(*) AS rows, min(kept_since) AS kept_since, min(kept_through) AS kept_through
      FROM job_month_keeping
), looked AS (
    SELECT rows = 1
           AND date_trunc('month', kept_since)::date = kept_since
           AND (kept_through = date '1970-01-01' OR kept_through IN (SELECT day FROM settled_days))
           AND kept_through >= coalesce((SELECT max(day) FROM contract_days), kept_through)
           AND kept_since <= coalesce((SELECT min(month) FROM job_months), kept_since)
           AND NOT EXISTS (SELECT
                             FROM event_days
                            WHERE day <= kept_through
                              AND day NOT IN (SELECT day FROM settled_days)) AS holds
      FROM progress
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min('the copies of final days are ahead of the days, or behind their own rows')
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_contract_days
-- Law 4. A contract's final days, as a budget report reads them, are what was posted on each of them, and
-- each has its jobs' days.
WITH movements (partner_contract_id, day, change) AS (
    SELECT contract_id, day, amount_micros
      FROM charges
     UNION ALL
    SELECT source_id, day, -amount
      FROM ledger_bookings
     WHERE purpose = {Purpose.REVERSE}
), posted AS (
    SELECT partner_contract_id, day, sum(change) AS charged
      FROM movements
     WHERE day <= (SELECT kept_through FROM job_month_keeping)
     GROUP BY partner_contract_id, day
), counted AS (
    SELECT partner_contract_id, day
      FROM job_days
     WHERE day <= (SELECT kept_through FROM job_month_keeping)
       AND day > date '1970-01-01'
     GROUP BY partner_contract_id, day
), looked AS (
    SELECT partner_contract_id, day, contract_days.charge_micros AS kept, coalesce(charged, 0) AS posted,
           contract_days.day IS NOT NULL
           AND (counted.day IS NOT NULL
                OR coalesce(day < (SELECT folded_before FROM job_day_folds), false)) AS is_whole
      FROM contract_days
      FULL JOIN posted USING (partner_contract_id, day)
      FULL JOIN counted USING (partner_contract_id, day)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE kept IS DISTINCT FROM posted OR NOT is_whole) AS breaches,
       min(format('contract %s on %s: kept %s, posted %s', partner_contract_id, day, kept, posted))
           FILTER (WHERE kept IS DISTINCT FROM posted OR NOT is_whole) AS example
  FROM looked
