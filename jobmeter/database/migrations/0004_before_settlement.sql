-- Apply before the code. Settlement's reversals and restatements, the numbers and seals of postings, closed and
-- dropped days of events.

-- numbers of postings ------------------------------------------------------------------------------------------
-- One rising number over postings and restatements: the order of the chain and of the partners' stream. The
-- transaction gets its own number before the posting does (the left side of the sum is computed first), so that
-- every posting with a lower number than one just read belongs to a transaction that can be waited for by its
-- number, although postings are committed out of order. The sequence must not be cached by sessions.

CREATE SEQUENCE ledger_numbers CACHE 1;

ALTER TABLE ledger_postings ADD COLUMN number bigint NOT NULL
    DEFAULT 0 * pg_current_xact_id()::text::bigint + nextval('ledger_numbers');

-- Postings are only ever appended, so a block range index finds a range of numbers at next to no cost to intake.
CREATE INDEX ON ledger_postings USING brin (number) WITH (pages_per_range = 16, autosummarize = on);

CREATE INDEX ON ledger_bookings (corrects) WHERE corrects IS NOT NULL;

-- `known_until`: every posting up to this number is committed or never will be. `next_until` becomes known once
-- all transactions below `next_transaction` are over.
CREATE TABLE ledger_horizon (
    only_one         boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    known_until      bigint  NOT NULL,
    next_until       bigint  NOT NULL,
    next_transaction bigint  NOT NULL
);
INSERT INTO ledger_horizon (known_until, next_until, next_transaction) VALUES (0, 0, 0);

-- A round seals the postings with numbers above the last round's `until_number`, up to its own; each shard with
-- postings among them gets a seal: the digest of those postings, chained to the shard's seal before.
CREATE TABLE ledger_seal_rounds (
    round        bigint      PRIMARY KEY,
    until_number bigint      NOT NULL UNIQUE,
    sealed_at    timestamptz NOT NULL
);

CREATE TABLE ledger_seals (
    shard    smallint NOT NULL,
    round    bigint   NOT NULL REFERENCES ledger_seal_rounds,
    postings bigint   NOT NULL CHECK (postings > 0),
    content  bytea    NOT NULL,
    digest   bytea    NOT NULL,
    PRIMARY KEY (shard, round)
);

CREATE TRIGGER seals_stand BEFORE UPDATE OR DELETE ON ledger_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What is sealed of a posting. Numbers only, or texts without a line break; independent of any session setting.
CREATE FUNCTION posting_text(posting ledger_postings) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', posting.number, posting.shard, posting.reference, posting.purpose, posting.source_kind,
                     posting.source_id, posting.destination_kind, posting.destination_id, posting.amount,
                     posting.unit, posting.day - date '1970-01-01',
                     (extract(epoch FROM posting.booked_at) * 1000000)::bigint, posting.cause,
                     coalesce(posting.corrects::text, '')) || E'\n'
$$;

-- days ---------------------------------------------------------------------------------------------------------

ALTER TABLE job_days ADD COLUMN clicks_reversed integer NOT NULL DEFAULT 0 CHECK (clicks_reversed >= 0);

-- Every change of a job's day after reports began to show it: by late events (cause 1, of `batch`), by settlement
-- (cause 2, with the clicks reversed by rule). The first figures are the change, the `after_` ones what they led to.
CREATE TABLE job_day_restatements (
    shard                smallint    NOT NULL,
    job_id               bigint      NOT NULL,
    day                  date        NOT NULL,
    number               bigint      NOT NULL
                         DEFAULT 0 * pg_current_xact_id()::text::bigint + nextval('ledger_numbers'),
    recorded_at          timestamptz NOT NULL,
    cause                smallint    NOT NULL CHECK (cause IN (1, 2)),
    batch                bigint      NOT NULL DEFAULT 0,
    reasons              jsonb       NOT NULL DEFAULT '{}',
    partner_contract_id  bigint      NOT NULL,
    views                integer     NOT NULL,
    apply_clicks         integer     NOT NULL,
    clicks_charged       integer     NOT NULL,
    clicks_refused       integer     NOT NULL,
    charge_micros        bigint      NOT NULL,
    after_views          integer     NOT NULL,
    after_apply_clicks   integer     NOT NULL,
    after_clicks_charged integer     NOT NULL,
    after_clicks_refused integer     NOT NULL,
    after_charge_micros  bigint      NOT NULL,
    PRIMARY KEY (shard, job_id, day, number)
);
CREATE INDEX ON job_day_restatements USING brin (number) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX ON job_day_restatements (partner_contract_id, recorded_at);

-- events -------------------------------------------------------------------------------------------------------

CREATE FUNCTION refuse_late_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM settlement_runs WHERE day = to_date(right(TG_TABLE_NAME, 8), 'YYYYMMDD')) THEN
        RAISE EXCEPTION 'the day of this event is being settled' USING ERRCODE = 'serialization_failure',
            HINT = 'Try again: the event will be refused as too old.';
    END IF;
    RETURN NEW;
END $$;

-- Waits for the transactions that are still writing into the day; those that come later are refused.
CREATE FUNCTION close_event_day(closing date) RETURNS void LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER day_is_closed BEFORE INSERT ON %I
                    FOR EACH ROW EXECUTE FUNCTION refuse_late_event()',
                   'events_' || to_char(closing, 'YYYYMMDD'));
END $$;

CREATE FUNCTION drop_event_day(dropping date, dropped timestamptz) RETURNS boolean LANGUAGE plpgsql
    SET lock_timeout = '2s' AS $$
BEGIN
    UPDATE event_days SET dropped_at = dropped
     WHERE day = dropping AND dropped_at IS NULL AND day IN (SELECT day FROM settled_days);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', 'events_' || to_char(dropping, 'YYYYMMDD'));
    RETURN true;
END $$;

CREATE FUNCTION event_key_ms(event_key uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || substr(event_key::text, 1, 8) || substr(event_key::text, 10, 4))::bit(48)::bigint
$$;

-- settlement ---------------------------------------------------------------------------------------------------

-- A click that was taken back: by which rule, and the charge that it was part of, if it was.
CREATE TABLE event_reversals (
    shard         smallint NOT NULL,
    event_key     uuid     NOT NULL,
    job_id        bigint   NOT NULL,
    batch         bigint   NOT NULL,
    rule          smallint NOT NULL,
    charge        uuid,
    amount_micros bigint   NOT NULL CHECK (amount_micros >= 0),
    PRIMARY KEY (shard, event_key),
    CHECK ((charge IS NULL) = (amount_micros = 0))
);
CREATE INDEX ON event_reversals (shard, job_id, event_key);

-- A day under settlement: judged once, then its jobs are worked off in portions.
CREATE TABLE settlement_runs (
    day             date        PRIMARY KEY,
    judged_at       timestamptz NOT NULL,
    touched_at      timestamptz NOT NULL,
    clicks          bigint      NOT NULL,
    clicks_reversed bigint      NOT NULL
);

CREATE TABLE settlement_jobs (
    day    date     NOT NULL,
    shard  smallint NOT NULL,
    job_id bigint   NOT NULL,
    PRIMARY KEY (day, shard, job_id)
);

-- What an operator set differently from the defaults of jobmeter.settlement.model.
CREATE TABLE settlement_rules (
    rule           smallint PRIMARY KEY,
    is_on          boolean  NOT NULL,
    jobs_max       integer  NOT NULL CHECK (jobs_max > 0),
    window_minutes integer  NOT NULL CHECK (window_minutes > 0)
);

-- Clicks that an operator takes out: of one event, visitor, address network or job, or all; on a day or on any.
CREATE TABLE settlement_exclusions (
    id         bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    criterion  smallint    NOT NULL CHECK (criterion BETWEEN 1 AND 5),
    subject    bigint      NOT NULL DEFAULT 0,
    origin     bytea       NOT NULL DEFAULT '',
    day        date,
    note       text        NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (criterion, subject, origin, day)
);

CREATE TABLE blocked_networks (
    address   bigint      PRIMARY KEY,
    list_name text        NOT NULL,
    added_at  timestamptz NOT NULL
);
