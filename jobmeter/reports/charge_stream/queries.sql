-- Three kinds of entries share one sequence of numbers; each statement reads a range of it. A child
-- application sees its own jobs, a partner those of its contracts.

-- name: list_charge_entries
SELECT number, shard, job_id, external_id, application_id, reference, {Purpose.CHARGE} AS purpose,
       amount_micros AS amount, currency AS unit, day, booked_at, NULL::uuid AS corrects
  FROM charges
  JOIN job_postings USING (shard, job_id)
 WHERE number > %(after)s
   AND number <= %(until)s
   AND contract_id = ANY(%(contract_ids)s)
   AND application_id = coalesce(%(application_id)s, application_id)
 ORDER BY number
 LIMIT %(rows_max)s

-- name: list_correction_entries
-- The cause of a correction is the job, in another shard. Looked up in the order of numbers, so that no more
-- are than are wanted.
SELECT number, booked.shard, cause AS job_id, external_id, application_id, reference, purpose, amount, unit,
       day, booked_at, corrects
  FROM (SELECT number, shard, cause, reference, purpose, amount, unit, day, booked_at, corrects
          FROM ledger_bookings
         WHERE number > %(after)s
           AND number <= %(until)s
           AND purpose IN ({Purpose.REVERSE}, {Purpose.ADJUST})
           AND corrects IS NOT NULL
           AND source_kind = {AccountKind.EARNED}
           AND source_id = ANY(%(contract_ids)s)
         ORDER BY number
        OFFSET 0) AS booked
 CROSS JOIN LATERAL posting_of(shard_of(cause), cause) AS job
 WHERE application_id = coalesce(%(application_id)s, application_id)
 ORDER BY number
 LIMIT %(rows_max)s

-- name: list_restatement_entries
SELECT number, job_id, external_id, application_id, day, currency, recorded_at, cause, batch, reasons, views,
       apply_clicks, clicks_charged, clicks_refused, charge_micros, after_views, after_apply_clicks,
       after_clicks_charged, after_clicks_refused, after_charge_micros
  FROM job_day_restatements
  JOIN job_postings USING (shard, job_id)
  JOIN job_budgets USING (shard, job_id)
 WHERE number > %(after)s
   AND number <= %(until)s
   AND job_day_restatements.partner_contract_id = ANY(%(contract_ids)s)
   AND application_id = coalesce(%(application_id)s, application_id)
 ORDER BY number
 LIMIT %(rows_max)s
