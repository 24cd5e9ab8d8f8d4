-- Each statement checks one law over the whole database and returns how many rows it checked, how many break
-- the law, and one of those in words. A condition that is null counts as broken.

-- name: tune_planner
-- Whole tables are grouped and joined, perhaps before the planner has statistics; it would then choose nested
-- loops. Of statements without parameters one plan is enough, but not on a server with Citus. The settings
-- end with the transaction.
SELECT set_config('work_mem', '256MB', true),
       set_config('enable_nestloop', 'off', true),
       set_config('plan_cache_mode', CASE WHEN current_setting('citus.shard_count', true) IS NULL
                                          THEN 'force_generic_plan' ELSE 'auto' END, true),
       set_config('jit', 'off', true)

-- name: limit_wait_for_writers
SELECT set_config('lock_timeout', '10s', true)

-- name: stop_writers
-- A transaction that moves money writes one of these. The coordinator releases the locks of one only after it
-- is committed on every node.
LOCK TABLE job_postings, job_budgets, job_days, events, ledger_postings, ledger_balances, event_reversals,
           job_day_restatements, credit_uses, ledger_seal_rounds IN SHARE MODE

-- name: check_integer_columns
-- Law 1. Amounts are whole numbers by the type of their columns.
WITH looked AS (
    SELECT attrelid, attname, atttypid, atttypid IN ('bigint'::regtype, 'bigint[]'::regtype) AS holds
      FROM pg_attribute
      JOIN pg_class ON pg_class.oid = attrelid
     WHERE relkind IN ('r', 'p')
       AND relnamespace = current_schema()::regnamespace
       AND attnum > 0
       AND (attname = 'amount' OR attname LIKE '%\_micros')
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('%s.%s is %s', attrelid::regclass, attname, atttypid::regtype))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_posting_shape
-- Law 2. Two accounts and an amount above zero, between accounts that its purpose moves it between; a charge
-- is known by its day, job and batch; a job's postings are in the job's shard. Only charges and their
-- reversals belong to another day than they were booked on.
WITH looked AS (
    SELECT reference, amount,
           amount > 0
           AND (source_kind, source_id) <> (destination_kind, destination_id)
           AND CASE purpose
                   WHEN {Purpose.FUND} THEN source_kind = {AccountKind.FUNDING} AND corrects IS NULL
                   WHEN {Purpose.RESERVE}
                   THEN (source_kind, destination_kind) IN (({AccountKind.CONTRACT}, {AccountKind.JOB}),
                                                  ({AccountKind.SLOTS_FREE}, {AccountKind.SLOT_HELD}))
                    AND corrects IS NULL
                   WHEN {Purpose.RELEASE}
                   THEN (destination_kind, source_kind) IN (({AccountKind.CONTRACT}, {AccountKind.JOB}),
                                                  ({AccountKind.SLOTS_FREE}, {AccountKind.SLOT_HELD}))
                    AND corrects IS NULL
                   WHEN {Purpose.CHARGE}
                   THEN (source_kind, destination_kind) = ({AccountKind.JOB}, {AccountKind.EARNED})
                    AND corrects IS NULL
                    AND reference = charge_reference(day, source_id, cause)
                    AND (booked_at AT TIME ZONE 'UTC')::date BETWEEN day - 1 AND day + 3
                   WHEN {Purpose.CONSUME} THEN destination_kind = {AccountKind.CREDITS_USED}
                   WHEN {Purpose.REVERSE} THEN true
                   WHEN {Purpose.ADJUST} THEN true
                   ELSE source_id = destination_id AND purpose <= {Purpose.PAYMENT}
                    AND {AccountKind.OWED} IN (source_kind, destination_kind)
               END
           AND (purpose IN ({Purpose.CHARGE}, {Purpose.REVERSE})
                OR day = (booked_at AT TIME ZONE 'UTC')::date)
           AND least(source_kind, destination_kind) >= {AccountKind.FUNDING}
           AND (source_kind <> {AccountKind.JOB} OR shard = shard_of(source_id))
           AND (destination_kind <> {AccountKind.JOB} OR shard = shard_of(destination_id)) AS holds
      FROM ledger_postings
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('posting %s of %s', reference, amount)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_posting_guards
-- Law 3. Every table of postings has its guard against change, and so have those of seals, restatements,
-- earlier versions of jobs, used credits and their prices, the audit log; the guard is enabled.
WITH guarded (relid, guard) AS (
    SELECT relid, 'postings_stand'
      FROM pg_partition_tree('ledger_postings')
     UNION ALL
    VALUES ('ledger_seals'::regclass, 'seals_stand'), ('ledger_seal_rounds', 'rounds_stand'),
           ('restatement_seals', 'seals_stand'), ('job_day_restatements', 'restatements_stand'),
           ('job_posting_versions', 'versions_stand'), ('credit_uses', 'uses_stand'),
           ('hiring_prices', 'prices_stand'), ('ledger_bookings', 'uses_are_kept'),
           ('billing_payments', 'payments_stand'), ('billing_allocations', 'allocations_stand'),
           ('audit_records', 'records_stand'), ('audit_seals', 'seals_stand')
), looked AS (
    SELECT relid,
           EXISTS (SELECT
                     FROM pg_trigger
                    WHERE tgrelid = relid
                      AND tgname = guard
                      AND tgenabled IN ('O', 'A')) AS holds
      FROM guarded
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('%s may be changed', relid::regclass)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_corrections
-- Law 3. A correction names a charge that exists, in the same unit, and its job as its cause. A reversal goes
-- back to the job or to its contract on the day of the charge, a credit to the contract. All corrections of a
-- charge together do not exceed it.
WITH corrections AS (
    SELECT reference, corrects, purpose, source_kind, source_id, destination_kind, destination_id, amount,
           unit, day, cause, sum(amount) OVER (PARTITION BY corrects) AS taken_back
      FROM ledger_postings
     WHERE corrects IS NOT NULL
        OR purpose = {Purpose.REVERSE}
), looked AS (
    SELECT corrections.reference, corrections.corrects, corrections.amount,
           corrected.reference IS NOT NULL
           AND corrected.currency = corrections.unit
           AND corrections.cause = corrected.job_id
           AND taken_back <= corrected.amount_micros
           AND (corrections.source_kind, corrections.source_id)
               = ({AccountKind.EARNED}, corrected.contract_id)
           AND ((corrections.destination_kind, corrections.destination_id)
                = ({AccountKind.CONTRACT}, corrected.contract_id)
                OR corrections.purpose = {Purpose.REVERSE}
               AND (corrections.destination_kind, corrections.destination_id)
                   = ({AccountKind.JOB}, corrected.job_id))
           AND (corrections.purpose <> {Purpose.REVERSE} OR corrections.day = corrected.day) AS holds
      FROM corrections
      LEFT JOIN charges AS corrected
        ON corrected.reference = corrections.corrects
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('posting %s of %s corrects %s', reference, amount, corrects))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_stored_balances
-- Law 4. Contracts, free slots and credits have a stored balance: the sum of its postings, never negative.
WITH movements (kind, owner_id, unit, amount) AS (
    SELECT destination_kind, destination_id, unit, amount
      FROM ledger_postings
     WHERE destination_kind IN ({AccountKind.CONTRACT}, {AccountKind.SLOTS_FREE}, {AccountKind.CREDITS})
     UNION ALL
    SELECT source_kind, source_id, unit, -amount
      FROM ledger_postings
     WHERE source_kind IN ({AccountKind.CONTRACT}, {AccountKind.SLOTS_FREE}, {AccountKind.CREDITS})
), summed AS (
    SELECT kind, owner_id, unit, sum(amount) AS posted
      FROM movements
     GROUP BY kind, owner_id, unit
), looked AS (
    SELECT kind, owner_id, unit, posted, amount AS stored,
           posted = amount AND amount >= 0 AND shard = shard_of(owner_id) AS holds
      FROM summed
      FULL JOIN ledger_balances USING (kind, owner_id, unit)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('account %s of %s: stored %s, posted %s %s', kind, owner_id, stored, posted, unit))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_budgets
-- Law 4. A job's budget row is its stored balance: reserved, spent (charges less reversals) and released, as
-- posted. An amount that is reversed after the job closed, or while it was downgraded, goes from the earned
-- account to the contract, and names its charge.
WITH movements (job_id, reserved, spent, held) AS (
    SELECT source_id, 0, CASE destination_kind WHEN {AccountKind.EARNED} THEN amount ELSE 0 END, -amount
      FROM ledger_postings
     WHERE source_kind = {AccountKind.JOB}
     UNION ALL
    SELECT destination_id, CASE source_kind WHEN {AccountKind.CONTRACT} THEN amount ELSE 0 END,
           CASE source_kind WHEN {AccountKind.EARNED} THEN -amount ELSE 0 END, amount
      FROM ledger_postings
     WHERE destination_kind = {AccountKind.JOB}
     UNION ALL
    SELECT charged.job_id, 0, -reversal.amount, 0
      FROM ledger_postings AS reversal
      JOIN charges AS charged
        ON charged.shard = shard_of(reversal.cause)
       AND charged.reference = reversal.corrects
     WHERE reversal.source_kind = {AccountKind.EARNED}
       AND reversal.destination_kind = {AccountKind.CONTRACT}
), summed AS (
    SELECT job_id, sum(reserved) AS reserved, sum(spent) AS spent, sum(held) AS held
      FROM movements
     GROUP BY job_id
), looked AS (
    SELECT job_id, reserved, spent, held, budget_micros, spent_micros,
           (budget_micros, spent_micros, budget_micros - spent_micros - released_micros)
           = (coalesce(reserved, 0), coalesce(spent, 0), coalesce(held, 0)) AS holds
      FROM summed
      FULL JOIN job_budgets USING (job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s: budget %s, reserved %s; spent %s, charged %s', job_id, budget_micros, reserved,
                  spent_micros, spent)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_lowered_budgets
-- Law 4. What a job's total budget was lowered by went back to its contract before the job ended; clicks of a
-- downgraded job that settlement took back lowered it too.
WITH returned AS (
    SELECT source_id AS job_id, sum(amount) AS released,
           (array_agg(amount ORDER BY number DESC))[1] AS last_release, 0 AS reversed
      FROM ledger_bookings
     WHERE source_kind = {AccountKind.JOB}
       AND purpose = {Purpose.RELEASE}
     GROUP BY source_id
     UNION ALL
    SELECT cause, 0, 0, sum(amount)
      FROM ledger_bookings
     WHERE purpose = {Purpose.REVERSE}
       AND destination_kind = {AccountKind.CONTRACT}
     GROUP BY cause
), summed AS (
    SELECT job_id, sum(released) AS released, sum(last_release) AS last_release, sum(reversed) AS reversed
      FROM returned
     GROUP BY job_id
), looked AS (
    SELECT job_id, lowered_micros, coalesce(released, 0) AS released,
           lowered_micros - coalesce(released, 0) AS over, coalesce(last_release, 0) AS last_release,
           coalesce(reversed, 0) AS reversed, nullif(click_price_micros, 0) AS price,
           closed_at IS NULL AS is_open
      FROM job_budgets
      JOIN job_postings USING (shard, job_id)
      LEFT JOIN summed USING (job_id)
), judged AS (
    SELECT job_id, lowered_micros, released,
           over BETWEEN 0 AND reversed AND coalesce(over % price, over) = 0
           OR NOT is_open AND over + last_release BETWEEN 0 AND reversed
          AND coalesce((over + last_release) % price, over + last_release) = 0 AS holds
      FROM looked
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s: lowered by %s, released %s', job_id, lowered_micros, released))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM judged

-- name: check_jobs_within_budget
-- Law 6. A job's charges less reversals are within its total budget.
WITH movements (job_id, change) AS (
    SELECT job_id, amount_micros
      FROM charges
     UNION ALL
    SELECT charged.job_id, -reversal.amount
      FROM ledger_postings AS reversal
      JOIN charges AS charged
        ON charged.shard = shard_of(reversal.cause)
       AND charged.reference = reversal.corrects
     WHERE reversal.purpose = {Purpose.REVERSE}
), summed AS (
    SELECT job_id, sum(change) AS spent
      FROM movements
     GROUP BY job_id
), looked AS (
    SELECT job_id, spent, budget_micros, coalesce(spent, 0) BETWEEN 0 AND budget_micros AS holds
      FROM job_budgets
      FULL JOIN summed USING (job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s: charged %s of %s', job_id, spent, budget_micros))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_contract_funding
-- Law 6. A contract's limit is what it was funded with, first when it was opened. It is in the shard of its
-- id, and has a price from the beginning of its term. First by number: a clock may have been set back since.
WITH summed AS (
    SELECT CASE source_kind WHEN {AccountKind.FUNDING} THEN destination_id ELSE source_id END AS id,
           sum(CASE source_kind WHEN {AccountKind.FUNDING} THEN amount ELSE -amount END) AS funded,
           (array_agg(booked_at ORDER BY number))[1] AS first_at
      FROM ledger_postings
     WHERE (source_kind, destination_kind) IN (({AccountKind.FUNDING}, {AccountKind.CONTRACT}),
                                               ({AccountKind.CONTRACT}, {AccountKind.FUNDING}))
     GROUP BY 1
), looked AS (
    SELECT id, limit_micros, funded,
           limit_micros = funded
           AND first_at = created_at
           AND shard = shard_of(id)
           AND prices.valid_from = term_starts_at AS holds
      FROM partner_contracts
      FULL JOIN summed USING (id)
      LEFT JOIN click_prices AS prices
        ON partner_contract_id = id
       AND valid_from = term_starts_at
       AND country || job_function || experience_level = ''
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('contract %s: limit %s, funded %s, or no price from its first day', id, limit_micros,
                  funded)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_hiring_contracts
-- A hiring contract has units of its own kind only, in the account of its kind; it has a price from its
-- start, and nothing moved before it was opened.
WITH moved AS (
    SELECT id, (array_agg(booked_at ORDER BY number))[1] AS first_at, bool_and(fits) AS fits
      FROM (SELECT destination_id AS id, booked_at, number,
                   (destination_kind, unit) IN (({AccountKind.SLOTS_FREE}, 'SLOT'), ({AccountKind.CREDITS},
                       'CREDIT'), ({AccountKind.CREDITS_USED}, 'CREDIT'), ({AccountKind.CREDITS_OWED},
                       'CREDIT')) AS fits
              FROM ledger_bookings
             WHERE destination_kind BETWEEN {AccountKind.SLOTS_FREE} AND {AccountKind.CREDITS_OWED}
               AND destination_kind <> {AccountKind.SLOT_HELD}
             UNION ALL
            SELECT source_id, booked_at, number, unit IN ('SLOT', 'CREDIT')
              FROM ledger_bookings
             WHERE source_kind BETWEEN {AccountKind.SLOTS_FREE} AND {AccountKind.CREDITS_OWED}
               AND source_kind <> {AccountKind.SLOT_HELD}) AS moves GROUP BY id
), used AS (
    SELECT id, min(account) AS account, max(account) AS other
      FROM (SELECT destination_id AS id, destination_kind AS account FROM ledger_bookings
             UNION
            SELECT source_id, source_kind FROM ledger_bookings) AS accounts
     WHERE account IN ({AccountKind.SLOTS_FREE}, {AccountKind.CREDITS}, {AccountKind.CREDITS_OWED})
     GROUP BY id
), looked AS (
    SELECT id,
           shard = shard_of(id)
           AND coalesce(fits AND created_at <= first_at, true)
           AND coalesce(account = other
                        AND account = CASE WHEN kind = 'SLOTS' THEN {AccountKind.SLOTS_FREE}
                                           WHEN is_postpaid THEN {AccountKind.CREDITS_OWED}
                                           ELSE {AccountKind.CREDITS} END, true)
           AND valid_from = starts_at AS holds
      FROM hiring_contracts
      FULL JOIN moved USING (id)
      LEFT JOIN used USING (id)
      LEFT JOIN hiring_prices ON contract_id = id AND valid_from = starts_at
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('hiring contract %s: its units are not of its kind, or it has no price', id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_contract_money
-- Laws 6 and 7. Each micro of a contract's limit is available, reserved in a job, or earned.
WITH earned AS (
    SELECT CASE destination_kind WHEN {AccountKind.EARNED} THEN destination_id ELSE source_id END AS id,
           sum(CASE destination_kind WHEN {AccountKind.EARNED} THEN amount ELSE -amount END) AS amount
      FROM ledger_postings
     WHERE source_kind = {AccountKind.EARNED}
        OR destination_kind = {AccountKind.EARNED}
     GROUP BY 1
), reserved AS (
    SELECT partner_contract_id AS id, sum(budget_micros - spent_micros - released_micros) AS amount
      FROM job_budgets
     WHERE partner_contract_id <> 0
     GROUP BY 1
), looked AS (
    SELECT id, limit_micros, coalesce(available.amount, 0) AS available,
           coalesce(reserved.amount, 0) AS reserved, coalesce(earned.amount, 0) AS earned
      FROM partner_contracts
      FULL JOIN earned USING (id)
      FULL JOIN reserved USING (id)
      LEFT JOIN ledger_balances AS available
        ON available.kind = {AccountKind.CONTRACT}
       AND available.owner_id = id
), judged AS (
    SELECT id, limit_micros, available, reserved, earned,
           limit_micros = available + reserved + earned AND least(available, reserved, earned) >= 0 AS holds
      FROM looked
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('contract %s: limit %s, available %s, reserved %s, earned %s', id, limit_micros, available,
                  reserved, earned)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM judged

-- name: check_contract_currencies
-- Law 10. Postings of a contract and of its jobs are in the contract's currency.
WITH owners AS (
    SELECT kind, id AS owner_id, currency
      FROM partner_contracts
     CROSS JOIN (VALUES ({AccountKind.CONTRACT}), ({AccountKind.EARNED})) AS kinds (kind)
     UNION ALL
    SELECT {AccountKind.JOB}, job_id, currency
      FROM job_budgets
), moved AS (
    SELECT source_kind, source_id, destination_kind, destination_id, unit, count(*) AS postings
      FROM ledger_postings
     GROUP BY source_kind, source_id, destination_kind, destination_id, unit
), looked AS (
    SELECT postings, source_kind, source_id, destination_kind, destination_id, unit,
           (source_kind NOT IN ({AccountKind.CONTRACT}, {AccountKind.JOB}, {AccountKind.EARNED})
            OR unit = source.currency)
           AND (destination_kind NOT IN ({AccountKind.CONTRACT}, {AccountKind.JOB}, {AccountKind.EARNED})
                OR unit = destination.currency) AS holds
      FROM moved
      LEFT JOIN owners AS source ON (source.kind, source.owner_id) = (source_kind, source_id)
      LEFT JOIN owners AS destination
        ON (destination.kind, destination.owner_id) = (destination_kind, destination_id)
)
SELECT coalesce(sum(postings), 0)::bigint AS checked,
       coalesce(sum(postings) FILTER (WHERE holds IS NOT TRUE), 0)::bigint AS breaches,
       min(format('%s from account %s of %s to account %s of %s', unit, source_kind, source_id,
                  destination_kind, destination_id)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_currencies
-- Law 10. A job's budget is kept in its contract's currency, and the job's posting names the same contract.
WITH looked AS (
    SELECT job_id, job_budgets.currency AS job_currency, partner_contracts.currency,
           coalesce(job_postings.partner_contract_id, 0) = job_budgets.partner_contract_id
           AND job_budgets.currency = coalesce(partner_contracts.currency, '') AS holds
      FROM job_budgets
      LEFT JOIN job_postings USING (shard, job_id)
      LEFT JOIN partner_contracts ON partner_contracts.id = job_budgets.partner_contract_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s: budget in %s, contract in %s', job_id, job_currency, currency))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_account_units
-- Law 10. Every account except the outside is kept in one unit, slots and credits too.
WITH movements (kind, owner_id, unit) AS (
    SELECT source_kind, source_id, unit
      FROM ledger_postings
     WHERE source_kind <> {AccountKind.FUNDING}
     UNION ALL
    SELECT destination_kind, destination_id, unit
      FROM ledger_postings
     WHERE destination_kind <> {AccountKind.FUNDING}
), looked AS (
    SELECT kind, owner_id, count(DISTINCT unit) AS units
      FROM (SELECT kind, owner_id, unit FROM movements GROUP BY kind, owner_id, unit) AS used
     GROUP BY kind, owner_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE units <> 1) AS breaches,
       min(format('account %s of %s has %s units', kind, owner_id, units))
           FILTER (WHERE units <> 1) AS example
  FROM looked

-- name: check_daily_charges
-- Law 4. The roll-up of a job's day is the sum of that day's charges less that day's reversals. Compacted
-- days, which are no longer than their events are kept, are summed under 1 January 1970.
WITH movements (job_id, day, change) AS (
    SELECT job_id, day, amount_micros
      FROM charges
     UNION ALL
    SELECT charged.job_id, reversal.day, -reversal.amount
      FROM ledger_postings AS reversal
      JOIN charges AS charged
        ON charged.shard = shard_of(reversal.cause)
       AND charged.reference = reversal.corrects
     WHERE reversal.purpose = {Purpose.REVERSE}
), summed AS (
    SELECT job_id, day, sum(change) AS posted
      FROM movements
     GROUP BY job_id, day
), placed AS (
    SELECT summed.job_id, sum(posted) AS posted,
           CASE WHEN kept.day IS NULL
                 AND summed.day < (SELECT least(folded_before, (SELECT min(day) FROM event_days
                                                                 WHERE dropped_at IS NULL))
                                     FROM job_day_folds)
                THEN date '1970-01-01' ELSE summed.day END AS day
      FROM summed
      LEFT JOIN job_day_sums AS kept
        ON kept.job_id = summed.job_id
       AND kept.day = summed.day
     GROUP BY summed.job_id, 3
), looked AS (
    SELECT job_id, day, charge_micros, coalesce(posted, 0) AS posted
      FROM job_day_sums
      FULL JOIN placed USING (job_id, day)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE charge_micros IS DISTINCT FROM posted) AS breaches,
       min(format('job %s on %s: rolled up %s, posted %s', job_id, day, charge_micros, posted))
           FILTER (WHERE charge_micros IS DISTINCT FROM posted) AS example
  FROM looked

-- name: check_job_spending
-- Law 4. A job's spend, not reduced by credits on final days, is the sum of its daily charges.
WITH summed AS (
    SELECT job_id, sum(charge_micros) AS charged
      FROM all_job_days
     GROUP BY job_id
), looked AS (
    SELECT job_id, spent_micros + credited_micros AS spent, coalesce(charged, 0) AS charged
      FROM job_budgets
      LEFT JOIN summed USING (job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE spent <> charged) AS breaches,
       min(format('job %s: spent %s, its days %s', job_id, spent, charged))
           FILTER (WHERE spent <> charged) AS example
  FROM looked

-- name: check_job_months
-- Law 4. The months that reports read equal the sums of their days. A partly compacted month no longer has
-- all its days.
WITH spans AS (
    SELECT greatest(kept_since,
                    (SELECT least(folded_before, (SELECT min(day) FROM event_days WHERE dropped_at IS NULL))
                       FROM job_day_folds)) AS since,
           kept_through
      FROM job_month_keeping
), packed AS (
    SELECT job_id, date_trunc('month', day)::date AS month,
           string_agg(int4send(day - date '1970-01-01') || int4send(views) || int4send(apply_clicks)
                      || int8send(charge_micros::bigint), '' ORDER BY day) AS figures
      FROM job_days, spans
     WHERE date_trunc('month', day)::date >= since
       AND day <= kept_through
       AND views + apply_clicks + clicks_reversed > 0
     GROUP BY job_id, date_trunc('month', day)
), kept AS (
    SELECT job_id, month, figures, shard = shard_of(job_id) AS is_placed
      FROM job_months, spans
     WHERE month >= since
), looked AS (
    SELECT job_id, month, packed.figures IS NOT DISTINCT FROM kept.figures AND is_placed AS holds
      FROM packed
      FULL JOIN kept USING (job_id, month)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s in %s: its month is not its days', job_id, month))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_daily_prices
-- A day's charge is its charged clicks at the job's price, and the roll-up names the job's contract. Products
-- are numeric: they may be of any amount that a broken row has.
WITH looked AS (
    SELECT job_id, day, clicks_charged, click_price_micros, charge_micros,
           clicks_charged BETWEEN 0 AND apply_clicks
           AND clicks_charged * click_price_micros::numeric = charge_micros
           AND clicks_reversed >= 0
           AND all_job_days.partner_contract_id = job_budgets.partner_contract_id AS holds
      FROM all_job_days
      LEFT JOIN job_budgets USING (shard, job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s on %s: %s clicks at %s, charge %s', job_id, day, clicks_charged, click_price_micros,
                  charge_micros)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- columns: kept
kept AS (
    SELECT array_agg(event_key_floor(day) ORDER BY day) AS floors, array_agg(day ORDER BY day) AS days
      FROM event_partitions
)

-- columns: event_day
days[width_bucket(event_key, floors)]

-- name: check_daily_counts
-- The roll-up counts each stored event once; reversed clicks are counted as reversed. Days whose events were
-- deleted cannot be counted again. The day is found among the bounds of the days: to read it out of each key
-- takes four times as long.
WITH {kept}, counted AS (
    SELECT {event_day} AS day, job_id,
           count(*) FILTER (WHERE kind = {EventKind.VIEW} AND verdict = {Verdict.COUNTED}) AS stored_views,
           count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK} AND verdict = {Verdict.COUNTED})
               AS stored_clicks,
           count(*) FILTER (WHERE kind = {EventKind.APPLY_CLICK} AND verdict <> {Verdict.COUNTED})
               AS stored_refused
      FROM events
     CROSS JOIN kept
     GROUP BY 1, job_id
), looked AS (
    SELECT day, job_id, views, coalesce(stored_views, 0) AS stored_views, apply_clicks, clicks_reversed,
           coalesce(stored_clicks, 0) AS stored_clicks, clicks_refused,
           coalesce(stored_refused, 0) AS stored_refused
      FROM counted
      FULL JOIN (SELECT day, job_id, views, apply_clicks, clicks_reversed, clicks_refused
                   FROM job_day_sums JOIN event_partitions USING (day)) AS rolled_up USING (day, job_id)
), judged AS (
    SELECT day, job_id, views, stored_views, apply_clicks, clicks_reversed, stored_clicks,
           (views, apply_clicks + clicks_reversed, clicks_refused)
           = (stored_views, stored_clicks, stored_refused) AS holds
      FROM looked
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s on %s: %s views of %s, %s clicks and %s reversed of %s', job_id, day, views,
                  stored_views, apply_clicks, clicks_reversed, stored_clicks))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM judged

-- name: check_event_keys
-- Law 5. No event is stored twice.
WITH looked AS (
    SELECT event_key, count(*) AS copies
      FROM events
     GROUP BY shard, event_key
)
SELECT coalesce(sum(copies), 0)::bigint AS checked,
       count(*) FILTER (WHERE copies > 1) AS breaches,
       min(format('event %s is stored %s times', event_key, copies)) FILTER (WHERE copies > 1) AS example
  FROM looked

-- name: check_charged_events
-- Law 5. Every charge covers as many counted clicks of its batch, job and day as it charges. Both are grouped
-- together, which is several times as fast as joining two groupings.
WITH {kept}, gathered AS (
    SELECT {event_day} AS day, job_id, batch, 1 AS clicks, 0::bigint AS amount
      FROM events
     CROSS JOIN kept
     WHERE kind = {EventKind.APPLY_CLICK}
       AND verdict = {Verdict.COUNTED}
     UNION ALL
    SELECT day, job_id, batch, 0, amount_micros
      FROM charges
      JOIN event_partitions USING (day)
), summed AS (
    SELECT day, job_id, batch, sum(clicks) AS counted, sum(amount) AS amount
      FROM gathered
     GROUP BY day, job_id, batch
), looked AS (
    SELECT job_id, day, batch, counted, amount,
           amount <= counted * click_price_micros::numeric
           AND amount % nullif(click_price_micros, 0) = 0 AS holds
      FROM summed
      LEFT JOIN job_budgets USING (job_id)
     WHERE amount > 0
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s on %s: batch %s charged %s for %s clicks', job_id, day, batch, amount, counted))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_settled_days
-- Law 8. Nothing is booked on a day after it was settled, and no charge after its clicks were evaluated.
WITH looked AS (
    SELECT reference, day, amount,
           booked_at > settled_at OR purpose = {Purpose.CHARGE} AND booked_at > judged_at AS broken
      FROM ledger_postings
      JOIN settled_days USING (day)
      LEFT JOIN settlement_runs USING (day)
     WHERE purpose IN ({Purpose.CHARGE}, {Purpose.REVERSE})
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE broken) AS breaches,
       min(format('posting %s of %s on the settled day %s', reference, amount, day))
           FILTER (WHERE broken) AS example
  FROM looked
