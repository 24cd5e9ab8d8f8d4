-- Apply before the code. A partner's decision to downgrade a job; seals and guards of what reports rest on.

-- charging -----------------------------------------------------------------------------------------------------
-- A downgraded job gets no money back until it is upgraded. Of jobs downgraded before, those that have none.

ALTER TABLE job_budgets ADD COLUMN is_downgraded boolean NOT NULL DEFAULT false;

UPDATE job_budgets
   SET is_downgraded = true
  FROM (SELECT DISTINCT ON (shard, job_id) shard, job_id, operation
          FROM job_tasks
         WHERE operation IN ('UPGRADE', 'DOWNGRADE')
           AND job_id IS NOT NULL
           AND verdict IS NULL
         ORDER BY shard, job_id, number DESC) AS decided
 WHERE decided.operation = 'DOWNGRADE'
   AND job_budgets.shard = decided.shard
   AND job_budgets.job_id = decided.job_id
   AND partner_contract_id <> 0
   AND budget_micros = spent_micros + released_micros;

-- restatements -------------------------------------------------------------------------------------------------
-- A seal covers the restatements above the number of the seal before, up to its own. It belongs to a round of the
-- ledger's seals, so that the head of a round covers both.

CREATE TABLE restatement_seals (
    round        bigint PRIMARY KEY REFERENCES ledger_seal_rounds,
    until_number bigint NOT NULL UNIQUE,
    restatements bigint NOT NULL,
    content      bytea  NOT NULL,
    digest       bytea  NOT NULL
);

-- What is sealed of a restatement, like `posting_text`.
CREATE FUNCTION restatement_text(restated job_day_restatements) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', restated.number, restated.shard, restated.job_id, restated.day - date '1970-01-01',
                     (extract(epoch FROM restated.recorded_at) * 1000000)::bigint, restated.cause, restated.batch,
                     restated.reasons, restated.partner_contract_id, restated.views, restated.apply_clicks,
                     restated.clicks_charged, restated.clicks_refused, restated.charge_micros,
                     restated.after_views, restated.after_apply_clicks, restated.after_clicks_charged,
                     restated.after_clicks_refused, restated.after_charge_micros) || E'\n'
$$;

-- guards -------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'postings are never changed or removed (law 3)'
        USING DETAIL = format('Nor is any other row of %I.', TG_TABLE_NAME);
END $$;

CREATE TRIGGER restatements_stand BEFORE UPDATE OR DELETE ON job_day_restatements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER seals_stand BEFORE UPDATE OR DELETE ON restatement_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER rounds_stand BEFORE UPDATE OR DELETE ON ledger_seal_rounds
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER versions_stand BEFORE UPDATE OR DELETE ON job_posting_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
