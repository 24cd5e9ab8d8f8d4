-- Apply before the code. Look-ups by key, and locks of rows that a chore takes whatever their shard, as functions. A distributed database locks
-- rows of one shard at a time: there the shards with something due are found first, without a lock, and gone through in a fixed order.

CREATE FUNCTION is_distributed() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN to_regclass('pg_dist_partition') IS NOT NULL AND EXISTS (SELECT FROM placed_tables() WHERE place = 'BY_SHARD');
END $$;

-- jobs ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION lock_waiting_tasks(rows_max bigint) RETURNS SETOF job_tasks LANGUAGE plpgsql ROWS 50 AS $$
DECLARE
    due job_budgets.shard%TYPE;
    found_rows bigint;
BEGIN
    IF NOT is_distributed() THEN
        RETURN QUERY SELECT * FROM job_tasks WHERE status = 'IN_PROGRESS' ORDER BY number LIMIT rows_max FOR UPDATE SKIP LOCKED;
        RETURN;
    END IF;
    FOR due IN SELECT shard FROM job_tasks WHERE status = 'IN_PROGRESS' GROUP BY shard ORDER BY min(number) LOOP
        EXIT WHEN rows_max <= 0;
        RETURN QUERY SELECT * FROM job_tasks WHERE shard = due AND status = 'IN_PROGRESS' ORDER BY number
                      LIMIT rows_max FOR UPDATE SKIP LOCKED;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        rows_max := rows_max - found_rows;
    END LOOP;
END $$;

CREATE FUNCTION lock_expired_postings(moment timestamptz, rows_max bigint) RETURNS SETOF job_postings
LANGUAGE plpgsql ROWS 50 AS $$
DECLARE
    due job_budgets.shard%TYPE;
    found_rows bigint;
BEGIN
    IF NOT is_distributed() THEN
        RETURN QUERY SELECT * FROM job_postings WHERE state = 'LIVE' AND expires_at <= moment ORDER BY expires_at, job_id
                      LIMIT rows_max FOR UPDATE SKIP LOCKED;
        RETURN;
    END IF;
    FOR due IN SELECT shard FROM job_postings WHERE state = 'LIVE' AND expires_at <= moment GROUP BY shard ORDER BY shard LOOP
        EXIT WHEN rows_max <= 0;
        RETURN QUERY SELECT * FROM job_postings WHERE shard = due AND state = 'LIVE' AND expires_at <= moment
                      ORDER BY expires_at, job_id LIMIT rows_max FOR UPDATE SKIP LOCKED;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        rows_max := rows_max - found_rows;
    END LOOP;
END $$;

CREATE FUNCTION lock_overdue_postings(of_contract bigint, moment timestamptz, rows_max bigint) RETURNS SETOF job_postings
LANGUAGE plpgsql ROWS 50 AS $$
DECLARE
    due job_budgets.shard%TYPE;
    found_rows bigint;
BEGIN
    IF NOT is_distributed() THEN
        RETURN QUERY SELECT * FROM job_postings
                      WHERE hiring_contract_id = of_contract AND channel = 'XML' AND state = 'LIVE' AND expires_at <= moment
                      ORDER BY expires_at, job_id LIMIT rows_max FOR UPDATE SKIP LOCKED;
        RETURN;
    END IF;
    FOR due IN
        SELECT shard
          FROM job_postings
         WHERE hiring_contract_id = of_contract AND channel = 'XML' AND state = 'LIVE' AND expires_at <= moment
         GROUP BY shard
         ORDER BY shard
    LOOP
        EXIT WHEN rows_max <= 0;
        RETURN QUERY SELECT * FROM job_postings
                      WHERE shard = due AND hiring_contract_id = of_contract AND channel = 'XML' AND state = 'LIVE'
                        AND expires_at <= moment
                      ORDER BY expires_at, job_id LIMIT rows_max FOR UPDATE SKIP LOCKED;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        rows_max := rows_max - found_rows;
    END LOOP;
END $$;

CREATE FUNCTION lock_due_campaigns(moment timestamptz, rows_max bigint) RETURNS SETOF job_campaigns
LANGUAGE plpgsql ROWS 50 AS $$
DECLARE
    due job_budgets.shard%TYPE;
    found_rows bigint;
BEGIN
    IF NOT is_distributed() THEN
        RETURN QUERY SELECT * FROM job_campaigns
                      WHERE (status = 'DRAFT' AND starts_at <= moment)
                         OR (status IN ('DRAFT', 'ACTIVE', 'PAUSED') AND ends_at <= moment)
                      ORDER BY shard, id LIMIT rows_max FOR UPDATE SKIP LOCKED;
        RETURN;
    END IF;
    FOR due IN
        SELECT shard
          FROM job_campaigns
         WHERE (status = 'DRAFT' AND starts_at <= moment) OR (status IN ('DRAFT', 'ACTIVE', 'PAUSED') AND ends_at <= moment)
         GROUP BY shard
         ORDER BY shard
    LOOP
        EXIT WHEN rows_max <= 0;
        RETURN QUERY SELECT * FROM job_campaigns
                      WHERE shard = due
                        AND ((status = 'DRAFT' AND starts_at <= moment)
                             OR (status IN ('DRAFT', 'ACTIVE', 'PAUSED') AND ends_at <= moment))
                      ORDER BY id LIMIT rows_max FOR UPDATE SKIP LOCKED;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        rows_max := rows_max - found_rows;
    END LOOP;
END $$;

-- A row that is added has no query in it where tables are distributed.
CREATE FUNCTION place_of_job(of_shard bigint, of_job bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT location FROM job_postings WHERE shard = of_shard::smallint AND job_id = of_job);
END $$;

-- In the order in which rows of several jobs are locked everywhere.
CREATE FUNCTION lock_named_postings(shards smallint[], job_ids bigint[]) RETURNS TABLE (shard smallint, job_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    named record;
BEGIN
    IF NOT is_distributed() THEN
        RETURN QUERY SELECT shard, job_id
                       FROM job_postings
                      WHERE (shard, job_id) IN (SELECT asked.shard, asked.job_id
                                                  FROM unnest(shards, job_ids) AS asked (shard, job_id))
                      ORDER BY shard, job_id
                        FOR UPDATE;
        RETURN;
    END IF;
    FOR named IN
        SELECT asked_shard, array_agg(asked_job) AS asked_jobs
          FROM unnest(shards, job_ids) AS asked (asked_shard, asked_job)
         GROUP BY asked_shard
         ORDER BY asked_shard
    LOOP
        RETURN QUERY SELECT shard, job_id FROM job_postings WHERE shard = named.asked_shard AND job_id = ANY(named.asked_jobs)
                      ORDER BY job_id FOR UPDATE;
    END LOOP;
END $$;

-- charging -----------------------------------------------------------------------------------------------------

-- Some of the budgets that count a past day of a contract; those that a batch is charging are left out.
CREATE FUNCTION lock_budgets_of_day(of_contract bigint, of_day date, rows_max bigint) RETURNS SETOF job_budgets
LANGUAGE plpgsql AS $$
DECLARE
    due job_budgets.shard%TYPE;
    found_rows bigint;
BEGIN
    IF NOT is_distributed() THEN
        RETURN QUERY SELECT * FROM job_budgets WHERE partner_contract_id = of_contract AND live_day = of_day
                      ORDER BY shard, job_id LIMIT rows_max FOR UPDATE SKIP LOCKED;
        RETURN;
    END IF;
    FOR due IN
        SELECT shard FROM job_budgets WHERE partner_contract_id = of_contract AND live_day = of_day GROUP BY shard ORDER BY shard
    LOOP
        EXIT WHEN rows_max <= 0;
        RETURN QUERY SELECT * FROM job_budgets WHERE shard = due AND partner_contract_id = of_contract AND live_day = of_day
                      ORDER BY job_id LIMIT rows_max FOR UPDATE SKIP LOCKED;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        rows_max := rows_max - found_rows;
    END LOOP;
END $$;

-- All budgets that count a day until this one, by the contract's index, and 0 for jobs without one.
CREATE FUNCTION lock_budgets_until(of_day date) RETURNS SETOF job_budgets LANGUAGE plpgsql AS $$
DECLARE
    due job_budgets.shard%TYPE;
BEGIN
    IF NOT is_distributed() THEN
        RETURN QUERY SELECT job_budgets.*
                       FROM (SELECT 0::bigint AS id
                              UNION ALL
                             SELECT id FROM partner_contracts) AS contracts
                       JOIN job_budgets
                         ON partner_contract_id = id
                        AND live_day <= of_day
                      ORDER BY shard, job_id
                        FOR UPDATE OF job_budgets;
        RETURN;
    END IF;
    FOR due IN SELECT shard FROM job_budgets WHERE live_day <= of_day GROUP BY shard ORDER BY shard LOOP
        RETURN QUERY SELECT * FROM job_budgets WHERE shard = due AND live_day <= of_day ORDER BY job_id FOR UPDATE;
    END LOOP;
END $$;

-- look-ups -----------------------------------------------------------------------------------------------------
-- What statements look up row by row, by the shard and the key. The planner puts the bodies in the place of the calls; a distributed
-- database calls them, each on the node of its shard. OFFSET 0 keeps the look-ups by key, whatever is known of the tables.

CREATE FUNCTION job_to_list(of_shard bigint, of_job bigint)
    RETURNS TABLE (partner_id bigint, application_id bigint, external_id text, company_job_code text, title text,
                   company_name text, place text, campaign text, kind text, state text, reason text, posted_ms bigint,
                   currency text, limit_micros bigint, spent_micros bigint, title_key text, search_text text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT partner_id, application_id, external_id, company_job_code, title, company_name, place, campaign, kind, state, reason,
           posted_ms, currency, limit_micros, spent_micros, title_key, search_text
      FROM jobs_to_list
     WHERE shard = of_shard::smallint
       AND job_id = of_job
    OFFSET 0
$$;

-- All that was counted of a job.
CREATE FUNCTION job_totals(of_shard bigint, of_job bigint) RETURNS TABLE (views bigint, clicks bigint, clicks_charged bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT coalesce(sum(days.views), 0)::bigint, coalesce(sum(days.apply_clicks), 0)::bigint,
           coalesce(sum(days.clicks_charged), 0)::bigint
      FROM all_job_days AS days
     WHERE days.shard = of_shard::smallint
       AND days.job_id = of_job
    OFFSET 0
$$;

-- What was counted of a job after a day, and of that until a day that is final.
CREATE FUNCTION job_totals_after(of_shard bigint, of_job bigint, after_day date, final_day date)
    RETURNS TABLE (views bigint, clicks bigint, settled_views bigint, settled_clicks bigint, spent_micros bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT sum(days.views)::bigint, sum(days.apply_clicks)::bigint,
           coalesce(sum(days.views) FILTER (WHERE days.day <= final_day), 0)::bigint,
           coalesce(sum(days.apply_clicks) FILTER (WHERE days.day <= final_day), 0)::bigint,
           (SELECT budget.spent_micros
              FROM job_budgets AS budget
             WHERE budget.shard = of_shard::smallint
               AND budget.job_id = of_job)
      FROM all_job_days AS days
     WHERE days.shard = of_shard::smallint
       AND days.job_id = of_job
       AND days.day > after_day
    OFFSET 0
$$;

-- The days of a contract's jobs after a day, by the contract's index; those without a contract are of 0.
CREATE FUNCTION contract_days_after(of_contract bigint, after_day date)
    RETURNS TABLE (shard smallint, job_id bigint, day date, charge_micros bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT days.shard, days.job_id, days.day, days.charge_micros
      FROM all_job_days AS days
     WHERE days.partner_contract_id = of_contract
       AND days.day > after_day
    OFFSET 0
$$;

-- A job as people may find it, if they may.
CREATE FUNCTION open_posting(of_shard bigint, of_job bigint, moment timestamptz)
    RETURNS TABLE (title text, company_name text, place text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT job.title, job.company_name, coalesce(nullif(job.place, ''), job.location)
      FROM job_postings AS job
     WHERE job.shard = of_shard::smallint
       AND job.job_id = of_job
       AND job.state = 'LIVE'
       AND job.expires_at > moment
       AND coalesce(job.content ->> 'availability', 'PUBLIC') = 'PUBLIC'
    OFFSET 0
$$;

-- When what the page of a job shows was changed last: by a version, and by a change of an XML job.
CREATE FUNCTION job_changed_at(of_shard bigint, of_job bigint) RETURNS TABLE (replaced_at timestamptz, made_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT (SELECT max(versions.replaced_at)
              FROM job_posting_versions AS versions
             WHERE versions.shard = of_shard::smallint
               AND versions.job_id = of_job),
           (SELECT max(changes.made_at)
              FROM job_changes AS changes
             WHERE changes.shard = of_shard::smallint
               AND changes.job_id = of_job)
$$;

-- Where a job is advertised and what for, if it is charged to the contract.
CREATE FUNCTION posting_on_contract(of_shard bigint, of_job bigint, of_contract bigint)
    RETURNS TABLE (location text, content jsonb, state text, created_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT job.location, job.content, job.state, job.created_at
      FROM job_postings AS job
     WHERE job.shard = of_shard::smallint
       AND job.job_id = of_job
       AND job.partner_contract_id = of_contract
    OFFSET 0
$$;

-- The balance of an account. No row where nothing was ever booked.
CREATE FUNCTION balance_of(of_shard bigint, of_kind bigint, of_owner bigint) RETURNS TABLE (amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT balance.amount
      FROM ledger_balances AS balance
     WHERE balance.shard = of_shard::smallint
       AND balance.kind = of_kind
       AND balance.owner_id = of_owner
$$;

-- What an account gave, by its own index: for a purpose, or for any, and of that the part that corrects something.
CREATE FUNCTION sums_of_source(of_shard bigint, of_kind bigint, of_owner bigint, of_purpose bigint)
    RETURNS TABLE (amount bigint, corrected bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT coalesce(sum(booking.amount), 0)::bigint,
           coalesce(sum(booking.amount) FILTER (WHERE booking.corrects IS NOT NULL), 0)::bigint
      FROM ledger_bookings AS booking
     WHERE (booking.shard, booking.source_kind, booking.source_id) = (of_shard::smallint, of_kind::smallint, of_owner)
       AND (of_purpose IS NULL OR booking.purpose = of_purpose)
$$;

-- A job, whoever asks.
CREATE FUNCTION posting_of(of_shard bigint, of_job bigint) RETURNS SETOF job_postings
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT *
      FROM job_postings
     WHERE shard = of_shard::smallint
       AND job_id = of_job
    OFFSET 0
$$;

-- What was counted of a job from a day on.
CREATE FUNCTION job_days_from(of_shard bigint, of_job bigint, first_day date) RETURNS SETOF job_days
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT *
      FROM job_days
     WHERE shard = of_shard::smallint
       AND job_id = of_job
       AND day >= first_day
$$;

CREATE FUNCTION budget_of(of_shard bigint, of_job bigint) RETURNS SETOF job_budgets
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT *
      FROM job_budgets
     WHERE shard = of_shard::smallint
       AND job_id = of_job
    OFFSET 0
$$;

-- What a job was like at a moment, if it was replaced since.
CREATE FUNCTION version_at(of_shard bigint, of_job bigint, moment timestamptz) RETURNS SETOF job_posting_versions
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT *
      FROM job_posting_versions
     WHERE shard = of_shard::smallint
       AND job_id = of_job
       AND replaced_at >= moment
     ORDER BY number
     LIMIT 1
$$;

CREATE FUNCTION months_of(of_shard bigint, of_job bigint, first_month date, last_day date) RETURNS SETOF job_months
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2 AS $$
    SELECT *
      FROM job_months
     WHERE shard = of_shard::smallint
       AND job_id = of_job
       AND month BETWEEN first_month AND last_day
    OFFSET 0
$$;

-- Jobs of an application that have, or had at a moment, a code.
CREATE FUNCTION jobs_with_code(of_shard bigint, of_application bigint, code text, moment timestamptz)
    RETURNS TABLE (job_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2 AS $$
    SELECT job.job_id
      FROM job_postings AS job
     WHERE job.shard = of_shard::smallint
       AND job.application_id = of_application
       AND job.company_job_code = code
     UNION ALL
    SELECT version.job_id
      FROM job_posting_versions AS version
     WHERE version.shard = of_shard::smallint
       AND version.company_job_code = code
       AND version.replaced_at >= moment
    OFFSET 0
$$;

-- The job of an application by the id that it gave it.
CREATE FUNCTION postings_named(of_shard bigint, of_application bigint, of_external_id text) RETURNS SETOF job_postings
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT *
      FROM job_postings
     WHERE shard = of_shard::smallint
       AND application_id = of_application
       AND external_id = of_external_id
       AND channel = 'P4P'
    OFFSET 0
$$;

-- A row if the job ever paid anything. Only one with reversed clicks can have been charged and have spent nothing.
CREATE FUNCTION ever_charged(of_shard bigint, of_job bigint) RETURNS TABLE (spent_micros bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT budget.spent_micros
      FROM job_budgets AS budget
     WHERE budget.shard = of_shard::smallint
       AND budget.job_id = of_job
       AND (budget.spent_micros + budget.credited_micros > 0 OR EXISTS (
            SELECT FROM job_days
             WHERE job_days.shard = of_shard::smallint
               AND job_days.job_id = of_job
               AND clicks_reversed > 0
               AND EXISTS (
                   SELECT
                     FROM charge_days(of_shard, of_job) AS charge_day
                    CROSS JOIN LATERAL (
                          SELECT FROM charges_of_day(of_shard, of_job, charge_day) OFFSET 0) AS charged
                   OFFSET 0)
            OFFSET 0))
    OFFSET 0
$$;

-- The day in a charge's reference.
CREATE FUNCTION charged_day(reference uuid) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date '1970-01-01' + ('x' || encode(substr(uuid_send(reference), 1, 2), 'hex'))::bit(16)::integer;

-- What was given back of a charge, for a purpose or for any.
CREATE FUNCTION returned_of_charge(of_charge uuid, of_purpose bigint) RETURNS TABLE (amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT sum(booking.amount)::bigint
      FROM ledger_bookings AS booking
     WHERE booking.corrects = of_charge
       AND (of_purpose IS NULL OR booking.purpose = of_purpose)
$$;

-- What an owner's accounts gave, by their index.
CREATE FUNCTION bookings_of_owner(of_shard bigint, of_owner bigint, first_day date, end_day date)
    RETURNS TABLE (shard smallint, reference uuid, purpose smallint, source_kind smallint, amount bigint, day date,
                   booked_at timestamptz, cause bigint, corrects uuid, number bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT booking.shard, booking.reference, booking.purpose, booking.source_kind, booking.amount, booking.day,
           booking.booked_at, booking.cause, booking.corrects, booking.number
      FROM ledger_bookings AS booking
     WHERE booking.shard = of_shard::smallint
       AND booking.source_id = of_owner
       AND booking.day >= first_day
       AND booking.day < end_day
$$;

CREATE FUNCTION bookings_of_source(of_shard bigint, of_kind bigint, of_owner bigint, first_day date, last_day date)
    RETURNS SETOF ledger_bookings LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT *
      FROM ledger_bookings
     WHERE (shard, source_kind, source_id) = (of_shard::smallint, of_kind::smallint, of_owner)
       AND day BETWEEN first_day AND last_day
$$;

CREATE FUNCTION bookings_of_destination(of_shard bigint, of_kind bigint, of_owner bigint, first_day date, last_day date)
    RETURNS SETOF ledger_bookings LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT *
      FROM ledger_bookings
     WHERE (shard, destination_kind, destination_id) = (of_shard::smallint, of_kind::smallint, of_owner)
       AND day BETWEEN first_day AND last_day
$$;

CREATE OR REPLACE VIEW billable_bookings WITH (security_invoker = true) AS
SELECT span.account_id, span.month, contract_id, agreement.kind, bills, shard, reference, purpose, source_kind,
       amount, day, booked_at, cause, corrects, number
  FROM billing_spans AS span
  JOIN billing_agreements AS agreement USING (account_id)
 CROSS JOIN LATERAL bookings_of_owner(shard_of(contract_id), contract_id, greatest(late_from, first_month), next_month) AS posting
 WHERE number <= until_number
   AND NOT (number <= reached_before AND day < span.month);

-- The first day of the bookings with such numbers.
CREATE FUNCTION first_day_of_numbers(after_number bigint, until_number bigint, purposes smallint[]) RETURNS TABLE (day date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT min(booking.day)
      FROM ledger_bookings AS booking
     WHERE booking.number > after_number
       AND booking.number <= until_number
       AND booking.purpose = ANY(purposes)
$$;

-- What each job of a contract was charged on days that are over.
CREATE FUNCTION click_use(of_contract bigint, first_day date, end_day date)
    RETURNS TABLE (job_id bigint, quantity bigint, micros bigint, first_day_charged date, last_day_charged date)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT days.job_id, sum(days.clicks_charged), sum(days.charge_micros)::bigint, min(days.day), max(days.day)
      FROM job_days AS days
     WHERE days.partner_contract_id = of_contract
       AND days.day >= first_day
       AND days.day < end_day
       AND days.charge_micros > 0
     GROUP BY days.job_id
$$;

-- What was given back of charges on a job from its contract's own account.
CREATE FUNCTION credits_of_job(of_shard bigint, of_kind bigint, of_contract bigint, of_purpose bigint, of_job bigint)
    RETURNS TABLE (reference uuid, amount bigint, corrects uuid)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT credit.reference, credit.amount, credit.corrects
      FROM ledger_bookings AS credit
     WHERE credit.shard = of_shard::smallint
       AND credit.source_kind = of_kind
       AND credit.source_id = of_contract
       AND credit.purpose = of_purpose
       AND credit.cause = of_job
       AND credit.corrects IS NOT NULL
$$;

-- Pages of a member's jobs: of one hiring contract, and of one application.
CREATE FUNCTION slot_use(of_contract bigint) RETURNS TABLE (used bigint, next_end timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT count(*), min(job.expires_at)
      FROM job_postings AS job
     WHERE job.hiring_contract_id = of_contract
       AND job.state IN ('PENDING', 'LIVE')
$$;

CREATE FUNCTION changes_before(of_application bigint, moment timestamptz, of_job bigint, of_revision bigint, of_kind text,
                               rows_max bigint)
    RETURNS SETOF job_changes LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT *
      FROM job_changes
     WHERE application_id = of_application
       AND (made_at, job_id, revision, kind) < (moment, of_job, of_revision, of_kind)
     ORDER BY made_at DESC, job_id DESC, revision DESC, kind DESC
     LIMIT rows_max
$$;

CREATE FUNCTION credit_uses_between(of_contract bigint, since timestamptz, until timestamptz) RETURNS SETOF credit_uses
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT *
      FROM credit_uses
     WHERE contract_id = of_contract
       AND used_at >= since
       AND used_at < until
$$;

-- After a use, which is named by its moment and its number; of some applications, or of any.
CREATE FUNCTION credit_uses_after(of_contract bigint, since timestamptz, until timestamptz, last_used_at timestamptz,
                                  last_number bigint, applications bigint[], rows_max bigint)
    RETURNS SETOF credit_uses LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT *
      FROM credit_uses
     WHERE contract_id = of_contract
       AND used_at >= since
       AND used_at < until
       AND (used_at, number) > (last_used_at, last_number)
       AND (applications IS NULL OR application_id = ANY(applications))
     ORDER BY used_at, number
     LIMIT rows_max
$$;

-- What reached a day too late.
CREATE FUNCTION late_events_of(of_day date, of_cause bigint) RETURNS TABLE (late_events bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT coalesce(sum(restated.views + restated.apply_clicks), 0)::bigint
      FROM job_day_restatements AS restated
     WHERE restated.day = of_day
       AND restated.cause = of_cause
$$;

-- The last event of a shard on a day, by the key.
CREATE FUNCTION newest_event(of_shard bigint, of_day date) RETURNS TABLE (event_key uuid)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT event.event_key
      FROM events AS event
     WHERE event.shard = of_shard::smallint
       AND event.event_key >= event_key_floor(of_day)
       AND event.event_key < event_key_floor(of_day + 1)
     ORDER BY event.event_key DESC
     LIMIT 1
$$;

-- A budget of a contract that counts a day before this one.
CREATE FUNCTION past_day_of(of_contract bigint, before_day date) RETURNS TABLE (day date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT budget.live_day
      FROM job_budgets AS budget
     WHERE budget.partner_contract_id = of_contract
       AND budget.live_day < before_day
     LIMIT 1
$$;

-- A row if the contract has days that are final, kept elsewhere, and whose events are gone.
CREATE FUNCTION days_to_compact(of_contract bigint, before_day date) RETURNS TABLE (day date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT days.day
      FROM job_days AS days
      JOIN event_days USING (day)
     WHERE days.partner_contract_id = of_contract
       AND days.day > date '1970-01-01'
       AND days.day < before_day
       AND days.day <= (SELECT kept_through FROM job_month_keeping)
       AND event_days.dropped_at IS NOT NULL
    LIMIT 1
$$;

CREATE FUNCTION postings_of_application(of_shard bigint, of_application bigint) RETURNS SETOF job_postings
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT *
      FROM job_postings
     WHERE shard = of_shard::smallint
       AND application_id = of_application
$$;

-- Days of a job, of which one that is going on may have two parts.
CREATE FUNCTION job_days_between(of_shard bigint, of_job bigint, first_day date, last_day date)
    RETURNS TABLE (day date, views integer, apply_clicks integer, charge_micros bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT days.day, days.views, days.apply_clicks, days.charge_micros
      FROM all_job_days AS days
     WHERE days.shard = of_shard::smallint
       AND days.job_id = of_job
       AND days.day BETWEEN first_day AND last_day
$$;

-- The newest jobs of a hiring contract, and of an application, that are looked for.
CREATE FUNCTION jobs_of_hiring_contract(of_contract bigint, before_job bigint, are_open boolean, moment timestamptz,
                                        words text, rows_max bigint)
    RETURNS TABLE (job_id bigint) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT job.job_id
      FROM job_postings AS job
     WHERE job.hiring_contract_id = of_contract
       AND job.job_id < before_job
       AND (are_open IS NULL OR (job.state IN ('PENDING', 'LIVE') AND job.expires_at > moment) = are_open)
       AND strpos(lower(concat_ws(' ', job.title, job.location, job.company_name, job.external_id)), lower(words)) > 0
     ORDER BY job.job_id DESC
     LIMIT rows_max
$$;

CREATE FUNCTION jobs_of_application(of_shard bigint, of_application bigint, before_job bigint, are_open boolean,
                                    moment timestamptz, words text, rows_max bigint)
    RETURNS TABLE (job_id bigint) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT job.job_id
      FROM job_postings AS job
     WHERE job.shard = of_shard::smallint
       AND job.application_id = of_application
       AND job.job_id < before_job
       AND (are_open IS NULL OR (job.state IN ('PENDING', 'LIVE') AND job.expires_at > moment) = are_open)
       AND strpos(lower(concat_ws(' ', job.title, job.location, job.company_name, job.external_id)), lower(words)) > 0
     ORDER BY job.job_id DESC
     LIMIT rows_max
$$;

-- Days that are final, and whose next day is final too or has no events.
CREATE FUNCTION days_past_comparison(before_day date) RETURNS TABLE (day date)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT settled.day
      FROM settled_days AS settled
     WHERE settled.day < before_day
       AND NOT EXISTS (SELECT
                         FROM event_days
                        WHERE event_days.day = settled.day + 1
                          AND event_days.day NOT IN (SELECT later.day FROM settled_days AS later))
$$;

-- The partner that an application belongs to, which may be itself.
CREATE FUNCTION partner_of(of_application bigint) RETURNS TABLE (partner_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT coalesce(parent_id, id)
      FROM applications
     WHERE id = of_application
$$;

-- A job, if it is the application's: its index has both.
CREATE FUNCTION own_posting(of_shard bigint, of_application bigint, of_job bigint) RETURNS SETOF job_postings
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT *
      FROM job_postings
     WHERE shard = of_shard::smallint
       AND application_id = of_application
       AND job_id = of_job
    OFFSET 0
$$;
