-- name: create_requested_reversals
-- Where settlement leaves what it wants reversed: a row for each charge (none for free clicks) and rule.
CREATE TEMPORARY TABLE IF NOT EXISTS asked_reversals (
    shard          smallint NOT NULL,
    job_id         bigint   NOT NULL,
    charge         uuid,
    rule           smallint NOT NULL,
    clicks         integer  NOT NULL,
    clicks_charged integer  NOT NULL,
    amount_micros  bigint   NOT NULL
) ON COMMIT DROP

-- name: make_held_budgets
CREATE TEMPORARY TABLE IF NOT EXISTS held_budgets (
    shard               smallint NOT NULL,
    job_id              bigint   NOT NULL,
    partner_contract_id bigint   NOT NULL,
    currency            text     NOT NULL,
    is_open             boolean  NOT NULL,
    is_downgraded       boolean  NOT NULL
) ON COMMIT DROP

-- name: lock_budgets
-- In the order in which intake locks them. Whether a job may spend its money again is read from the locked
-- row itself, so that a closing or a downgrade which came first is seen.
INSERT INTO held_budgets (shard, job_id, partner_contract_id, currency, is_open, is_downgraded)
SELECT shard, job_id, partner_contract_id, currency, live_until_ms > %(now_ms)s AND NOT is_downgraded,
       is_downgraded
  FROM job_budgets
 WHERE (shard, job_id) IN (SELECT shard, job_id FROM asked_reversals)
   AND shard = {shard: shard}
 ORDER BY shard, job_id
   FOR UPDATE

-- name: return_to_budgets
-- An open job can spend the money again; that of a closed one counts as released with the rest. The total
-- budget of a downgraded one is what it has spent, and goes down with it.
WITH due AS (
    SELECT shard, job_id, is_open, is_downgraded, sum(amount_micros)::bigint AS micros
      FROM asked_reversals
      JOIN held_budgets USING (shard, job_id)
     GROUP BY shard, job_id, is_open, is_downgraded
    HAVING sum(amount_micros) > 0
), returned AS (
    UPDATE job_budgets
       SET spent_micros = spent_micros - micros,
           released_micros = released_micros + CASE WHEN is_open THEN 0 ELSE micros END,
           lowered_micros = lowered_micros + CASE WHEN due.is_downgraded THEN micros ELSE 0 END
      FROM due
     WHERE job_budgets.shard = {shard: due.shard}
       AND job_budgets.job_id = due.job_id
    RETURNING job_budgets.job_id, micros, is_open, click_price_micros AS price,
              budget_micros - spent_micros - released_micros AS left_micros
)
SELECT coalesce(sum(micros), 0)::bigint AS micros,
       coalesce(array_agg(job_id ORDER BY job_id)
                FILTER (WHERE is_open AND left_micros >= price AND left_micros - micros < price),
                '{}') AS jobs_resumed
  FROM returned

-- name: lower_job_days
WITH due AS (
    SELECT shard, job_id, sum(clicks) AS clicks, sum(clicks_charged) AS charged,
           sum(amount_micros)::bigint AS micros
      FROM asked_reversals
     GROUP BY shard, job_id
)
UPDATE job_days
   SET apply_clicks = apply_clicks - clicks,
       clicks_reversed = clicks_reversed + clicks,
       clicks_charged = clicks_charged - charged,
       charge_micros = charge_micros - micros
  FROM due
 WHERE job_days.shard = {shard: due.shard}
   AND job_days.job_id = due.job_id
   AND day = %(day)s

-- name: record_settled_restatements
-- After the figures are lowered, so that the `after_` ones are read from the current day. A row for each
-- job, with the clicks that each rule took back.
WITH by_rule AS (
    SELECT shard, job_id, rule, sum(clicks) AS clicks, sum(clicks_charged) AS charged,
           sum(amount_micros) AS micros
      FROM asked_reversals
     GROUP BY shard, job_id, rule
), due AS (
    SELECT shard, job_id, jsonb_object_agg(rule, clicks) AS reasons, sum(clicks) AS clicks,
           sum(charged) AS charged, sum(micros)::bigint AS micros
      FROM by_rule
     GROUP BY shard, job_id
)
INSERT INTO job_day_restatements (
    shard, job_id, day, recorded_at, cause, reasons, partner_contract_id, views, apply_clicks, clicks_charged,
    clicks_refused, charge_micros, after_views, after_apply_clicks, after_clicks_charged,
    after_clicks_refused, after_charge_micros
)
SELECT shard, job_id, day, %(recorded_at)s, {RestatementCause.SETTLEMENT}, reasons, partner_contract_id,
       0, -clicks, -charged, 0, -micros, views, job_days.apply_clicks, job_days.clicks_charged,
       clicks_refused, job_days.charge_micros
  FROM due
  JOIN job_days USING (shard, job_id)
 WHERE day = %(day)s
   AND shard = {shard: shard}

-- name: insert_requested_reversals
-- One posting for each charge, from what was earned back to the open job or to the contract of a closed one.
-- It is in the shard of the charge that it corrects, and its cause is the job.
INSERT INTO asked_postings (
    shard, reference, purpose, source_kind, source_id, destination_kind, destination_id, destination_shard,
    amount, unit, cause, corrects
)
SELECT held_budgets.shard, md5('settle ' || charge)::uuid, {Purpose.REVERSE}, {AccountKind.EARNED},
       partner_contract_id, CASE WHEN is_open THEN {AccountKind.JOB} ELSE {AccountKind.CONTRACT} END,
       CASE WHEN is_open THEN job_id ELSE partner_contract_id END,
       CASE WHEN is_open THEN held_budgets.shard ELSE partner_contracts.shard END,
       sum(amount_micros), held_budgets.currency, job_id, charge
  FROM asked_reversals
  JOIN held_budgets USING (shard, job_id)
  JOIN partner_contracts ON partner_contracts.id = partner_contract_id
 WHERE charge IS NOT NULL
 GROUP BY held_budgets.shard, job_id, charge, partner_contract_id, is_open, partner_contracts.shard,
          held_budgets.currency

-- name: record_late_restatements
-- What a batch changed of days that reports show already. The day is read after the charge, whose row locks
-- still hold: its figures are those after this batch and no other. OFFSET 0 keeps the look-up by key,
-- whatever the planner knew of the tables when it made its plan. Read first and written then, because a
-- node of a distributed database looks nothing up for an INSERT.
WITH shown AS MATERIALIZED (
    SELECT {shard: asked.shard} AS shard, asked.job_id, asked.day, after.partner_contract_id,
           asked.views, clicks, refused,
           coalesce(amount_micros / nullif(click_price_micros, 0), 0) AS clicks_charged,
           coalesce(amount_micros, 0) AS charge_micros,
           after.views AS after_views, after.apply_clicks AS after_apply_clicks,
           after.clicks_charged AS after_clicks_charged, after.clicks_refused AS after_clicks_refused,
           after.charge_micros AS after_charge_micros
      FROM unnest(%(shards)s::smallint[], %(job_ids)s::bigint[], %(days)s::date[], %(views)s::integer[],
                  %(clicks)s::integer[], %(refused)s::integer[])
        AS asked (shard, job_id, day, views, clicks, refused)
     CROSS JOIN LATERAL (
            SELECT partner_contract_id, views, apply_clicks, clicks_charged, clicks_refused, charge_micros
              FROM job_day_sums
             WHERE shard = {shard: asked.shard} AND job_id = asked.job_id AND day = asked.day
            OFFSET 0) AS after
     CROSS JOIN LATERAL (
            SELECT click_price_micros
              FROM job_budgets
             WHERE shard = {shard: asked.shard} AND job_id = asked.job_id
            OFFSET 0) AS budget
      LEFT JOIN LATERAL (
            SELECT amount_micros
              FROM charge_of({shard: asked.shard}, asked.job_id, asked.day, %(batch)s)
            OFFSET 0) AS charged
        ON true
), recorded AS (
    INSERT INTO job_day_restatements (
        shard, job_id, day, recorded_at, cause, batch, partner_contract_id, views, apply_clicks,
        clicks_charged, clicks_refused, charge_micros, after_views, after_apply_clicks, after_clicks_charged,
        after_clicks_refused, after_charge_micros
    )
    SELECT shard, job_id, day, %(recorded_at)s, {RestatementCause.LATE_EVENTS}, %(batch)s,
           partner_contract_id, views, clicks, clicks_charged, refused, charge_micros, after_views,
           after_apply_clicks, after_clicks_charged, after_clicks_refused, after_charge_micros
      FROM shown
    RETURNING 1
)
SELECT count(*)
  FROM recorded

-- name: find_charge
SELECT shard, job_id, contract_id AS partner_contract_id, currency, amount_micros,
       EXISTS (SELECT FROM settled_days WHERE settled_days.day = charge.day) AS is_final
  FROM charge_named(%(reference)s) AS charge

-- name: sum_corrections
SELECT coalesce(sum(amount), 0)::bigint
  FROM ledger_bookings
 WHERE corrects = %(reference)s

-- name: release_credit
-- The spend counts as released: the job cannot spend it, open or not.
UPDATE job_budgets
   SET spent_micros = spent_micros - %(amount_micros)s,
       released_micros = released_micros + %(amount_micros)s,
       credited_micros = credited_micros + %(amount_micros)s
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s

-- name: insert_restatement_seal
-- As the seals of postings, in one chain. A round without new restatements has no seal, unless it moves on to
-- numbers that an earlier one was not allowed to reach.
WITH span AS (
    SELECT after_number, least(%(until_number)s, after_number + %(numbers_max)s) AS until_number, digest
      FROM (SELECT coalesce(max(until_number), 0) AS after_number,
                   (array_agg(digest ORDER BY round DESC))[1] AS digest
              FROM restatement_seals) AS last_seal
), found AS (
    SELECT count(*) AS restatements,
           sha256(convert_to(coalesce(string_agg(restatement_text(
               number, shard, job_id, day, recorded_at, cause, batch, reasons, partner_contract_id, views,
               apply_clicks, clicks_charged, clicks_refused, charge_micros, after_views, after_apply_clicks,
               after_clicks_charged, after_clicks_refused, after_charge_micros),
               '' ORDER BY number), ''), 'UTF8')) AS content
      FROM job_day_restatements
     WHERE number > (SELECT after_number FROM span)
       AND number <= (SELECT until_number FROM span)
)
INSERT INTO restatement_seals (round, until_number, restatements, content, digest)
SELECT %(round_number)s, until_number, restatements, content, sha256(coalesce(digest, '') || content)
  FROM span, found
 WHERE restatements > 0
    OR until_number = after_number + %(numbers_max)s
