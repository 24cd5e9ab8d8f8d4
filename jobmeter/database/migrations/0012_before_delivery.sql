-- Apply before the code. Daily budgets, pacing, what is known of how jobs stand, and the feed that job boards follow.

-- contracts ----------------------------------------------------------------------------------------------------
-- A job takes its contract's pacing when it is posted.

ALTER TABLE partner_contracts ADD COLUMN pacing text NOT NULL DEFAULT 'ASAP' CHECK (pacing IN ('ASAP', 'EVEN'));

-- charging -----------------------------------------------------------------------------------------------------
-- No daily budget is 0.

ALTER TABLE job_budgets
    ADD COLUMN daily_micros bigint  NOT NULL DEFAULT 0 CHECK (daily_micros >= 0),
    ADD COLUMN is_paced     boolean NOT NULL DEFAULT false;

-- Jobs of which something changed that may change how they stand. Only ever inserted and removed, so that noting a job
-- waits for nobody.
CREATE TABLE job_notes (
    id     bigint   PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    shard  smallint NOT NULL,
    job_id bigint   NOT NULL
);

-- delivery -----------------------------------------------------------------------------------------------------
-- How each job stood when it was last looked at. `until_ms` is when its promotion ends by itself.

CREATE TABLE job_standings (
    shard          smallint    NOT NULL,
    job_id         bigint      NOT NULL,
    application_id bigint      NOT NULL,
    is_promoted    boolean     NOT NULL,
    reason         text        NOT NULL,
    listing        text        NOT NULL,
    limit_micros   bigint      NOT NULL,
    spent_micros   bigint      NOT NULL,
    until_ms       bigint      NOT NULL,
    looked_at      timestamptz NOT NULL,
    PRIMARY KEY (shard, job_id)
);
CREATE INDEX ON job_standings (until_ms) WHERE is_promoted;
CREATE INDEX ON job_standings (shard, job_id) WHERE reason = 'DAY_BUDGET';

-- Numbers are given one writer at a time, under a lock: their order is that of the commits.
CREATE TABLE delivery_changes (
    number      bigint      PRIMARY KEY,
    shard       smallint    NOT NULL,
    job_id      bigint      NOT NULL,
    is_promoted boolean     NOT NULL,
    reason      text        NOT NULL,
    changed_at  timestamptz NOT NULL
);
CREATE INDEX ON delivery_changes (changed_at);

-- The number given last, and the last of those that are no longer kept.
CREATE TABLE delivery_numbers (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    last     bigint  NOT NULL,
    dropped  bigint  NOT NULL
);
INSERT INTO delivery_numbers (last, dropped) VALUES (0, 0);

-- Which shares of which limit were told.
CREATE TABLE budget_alerts (
    scope        text        NOT NULL CHECK (scope IN ('JOB', 'CONTRACT')),
    owner_id     bigint      NOT NULL,
    limit_micros bigint      NOT NULL,
    percent      smallint    NOT NULL,
    told_at      timestamptz NOT NULL,
    PRIMARY KEY (scope, owner_id, limit_micros, percent)
);

-- What was charged on a contract up to a number of the ledger, kept up as numbers become known.
CREATE TABLE contract_spends (
    contract_id       bigint PRIMARY KEY,
    spent_micros      bigint NOT NULL,
    seen_limit_micros bigint NOT NULL DEFAULT 0,
    seen_spent_micros bigint NOT NULL DEFAULT 0
);
CREATE TABLE contract_spend_cursor (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    counted_until bigint NOT NULL
);
INSERT INTO contract_spend_cursor (counted_until) VALUES (0);
