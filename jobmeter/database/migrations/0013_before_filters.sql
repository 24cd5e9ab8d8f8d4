-- Apply before the code. Filters at intake: policies of contracts, excluded visitors, reasons kept.

-- charging -----------------------------------------------------------------------------------------------------
-- The country that a job is meant for: its two letters as a number (see metering.model), 0 where it is none or several.

ALTER TABLE job_budgets ADD COLUMN market smallint NOT NULL DEFAULT 0;

-- metering -----------------------------------------------------------------------------------------------------
-- Rises with every change of a policy or an exclusion, so that a process knows when to read them anew.

CREATE TABLE filter_revision (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    revision bigint  NOT NULL
);
INSERT INTO filter_revision (revision) VALUES (0);

-- What an operator set differently from the defaults of jobmeter.metering.model.
CREATE TABLE filter_policies (
    contract_id              bigint   PRIMARY KEY,
    refuses_crawlers         boolean  NOT NULL,
    refuses_other_markets    boolean  NOT NULL,
    refuses_excluded         boolean  NOT NULL,
    late_window_hours        smallint NOT NULL CHECK (late_window_hours BETWEEN 1 AND 48),
    future_tolerance_seconds integer  NOT NULL CHECK (future_tolerance_seconds BETWEEN 0 AND 300)
);

-- A customer's own staff and testers, by the hash that intake keeps of a visitor or by address network. The children of
-- a partner are covered by the partner's own.
CREATE TABLE excluded_visitors (
    id             bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    application_id bigint      NOT NULL REFERENCES applications,
    is_address     boolean     NOT NULL,
    subject        bigint      NOT NULL,
    note           text        NOT NULL,
    created_at     timestamptz NOT NULL,
    UNIQUE (application_id, is_address, subject)
);

CREATE TABLE job_day_refusals (
    shard   smallint NOT NULL,
    job_id  bigint   NOT NULL,
    day     date     NOT NULL,
    verdict smallint NOT NULL,
    clicks  integer  NOT NULL CHECK (clicks > 0),
    PRIMARY KEY (shard, job_id, day, verdict)
);

-- The last events that did not count, for the application whose job they name and for the operator (owner 0). Kept
-- to fifty for each owner by a chore.
CREATE TABLE refused_events (
    owner_id    bigint      NOT NULL,
    number      bigint      GENERATED ALWAYS AS IDENTITY,
    source      text        NOT NULL,
    event_id    text        NOT NULL,
    type        text        NOT NULL,
    time_ms     bigint      NOT NULL,
    job_id      bigint      NOT NULL,
    verdict     smallint    NOT NULL,
    message     text        NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (owner_id, number)
);
