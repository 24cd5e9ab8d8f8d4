-- Apply before the code. The first schema: partners, contracts, ledger, jobs, budgets, events, settlement.
-- `shard` comes first in every key on the money path and never changes for a row.

-- partners -----------------------------------------------------------------------------------------------------

CREATE SEQUENCE application_ids START 100001;

CREATE TABLE applications (
    id                bigint      PRIMARY KEY,
    parent_id         bigint      REFERENCES applications,
    shard             smallint    NOT NULL CHECK (shard BETWEEN 0 AND 255),
    client_id         text        NOT NULL UNIQUE,
    unique_foreign_id text,
    name              text        NOT NULL,
    description       text        NOT NULL DEFAULT '',
    callback_urls     text[]      NOT NULL DEFAULT '{}',
    js_domains        text[]      NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL,
    UNIQUE (parent_id, unique_foreign_id),
    CHECK ((parent_id IS NULL) = (unique_foreign_id IS NULL))
);

CREATE TABLE application_secrets (
    application_id bigint      NOT NULL REFERENCES applications,
    secret_hash    bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (application_id, secret_hash)
);

CREATE TABLE access_tokens (
    token_hash     bytea       PRIMARY KEY,
    application_id bigint      NOT NULL REFERENCES applications,
    issued_at      timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz
);

-- ledger -------------------------------------------------------------------------------------------------------
-- A posting moves an amount of one unit from one account to another; accounts are (kind, owner).
-- Two tables stand behind the one ledger: what intake books by the million has a partition of its own.

CREATE TABLE ledger_postings (
    shard            smallint    NOT NULL,
    reference        uuid        NOT NULL,
    purpose          smallint    NOT NULL,
    source_kind      smallint    NOT NULL,
    source_id        bigint      NOT NULL,
    destination_kind smallint    NOT NULL,
    destination_id   bigint      NOT NULL,
    amount           bigint      NOT NULL CHECK (amount > 0),
    unit             text        NOT NULL,
    day              date        NOT NULL,
    booked_at        timestamptz NOT NULL,
    cause            bigint      NOT NULL DEFAULT 0,
    corrects         uuid,
    PRIMARY KEY (shard, reference, purpose),
    CHECK (source_kind <> destination_kind OR source_id <> destination_id)
) PARTITION BY LIST (purpose);

CREATE TABLE charge_postings PARTITION OF ledger_postings FOR VALUES IN (3);
CREATE TABLE ledger_bookings PARTITION OF ledger_postings DEFAULT;

CREATE INDEX ON ledger_postings (shard, source_kind, source_id, day);
CREATE INDEX ON ledger_bookings (shard, destination_kind, destination_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'postings are never changed or removed (law 3)';
END $$;

CREATE TRIGGER postings_stand BEFORE UPDATE OR DELETE ON ledger_postings
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE ledger_balances (
    shard    smallint NOT NULL,
    kind     smallint NOT NULL,
    owner_id bigint   NOT NULL,
    unit     text     NOT NULL,
    amount   bigint   NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (shard, kind, owner_id)
);

-- contracts ----------------------------------------------------------------------------------------------------

CREATE SEQUENCE contract_ids START 2008000001;

CREATE TABLE partner_contracts (
    id             bigint      PRIMARY KEY,
    partner_id     bigint      NOT NULL REFERENCES applications,
    shard          smallint    NOT NULL CHECK (shard BETWEEN 0 AND 255),
    currency       text        NOT NULL,
    limit_micros   bigint      NOT NULL CHECK (limit_micros > 0),
    term_starts_at timestamptz NOT NULL,
    term_ends_at   timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    CHECK (term_starts_at < term_ends_at)
);
CREATE INDEX ON partner_contracts (partner_id);

CREATE TABLE customer_contracts (
    id                  bigint      PRIMARY KEY,
    application_id      bigint      NOT NULL REFERENCES applications,
    partner_contract_id bigint      NOT NULL REFERENCES partner_contracts,
    created_at          timestamptz NOT NULL,
    UNIQUE (application_id, partner_contract_id)
);

CREATE TABLE click_prices (
    partner_contract_id bigint      NOT NULL REFERENCES partner_contracts,
    country             text        NOT NULL DEFAULT '',
    job_function        text        NOT NULL DEFAULT '',
    experience_level    text        NOT NULL DEFAULT '',
    valid_from          timestamptz NOT NULL,
    price_micros        bigint      NOT NULL CHECK (price_micros > 0),
    PRIMARY KEY (partner_contract_id, country, job_function, experience_level, valid_from)
);

-- jobs ---------------------------------------------------------------------------------------------------------

CREATE SEQUENCE job_sequence START 16600000;

CREATE TABLE job_postings (
    shard               smallint    NOT NULL,
    job_id              bigint      NOT NULL,
    application_id      bigint      NOT NULL REFERENCES applications,
    external_id         text        NOT NULL,
    company_job_code    text,
    partner_contract_id bigint      REFERENCES partner_contracts,
    listing_type        text        NOT NULL,
    title               text        NOT NULL,
    company_name        text        NOT NULL,
    company_page        text,
    apply_url           text        NOT NULL,
    location            text        NOT NULL,
    content             jsonb       NOT NULL,
    state               text        NOT NULL CHECK (state IN ('PENDING', 'LIVE', 'CLOSED', 'EXPIRED', 'FAILED')),
    listed_at           timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL,
    closed_at           timestamptz,
    created_at          timestamptz NOT NULL,
    PRIMARY KEY (shard, job_id)
);
CREATE UNIQUE INDEX job_external_ids ON job_postings (shard, application_id, external_id) WHERE state <> 'FAILED';
CREATE INDEX ON job_postings (shard, application_id, company_job_code) WHERE company_job_code IS NOT NULL;
CREATE INDEX ON job_postings (shard, application_id, job_id);
CREATE INDEX ON job_postings (expires_at) WHERE state = 'LIVE';

CREATE TABLE job_tasks (
    shard          smallint    NOT NULL,
    task_id        uuid        NOT NULL,
    application_id bigint      NOT NULL REFERENCES applications,
    external_id    text        NOT NULL,
    operation      text        NOT NULL,
    job_id         bigint,
    location       text        NOT NULL,
    status         text        NOT NULL CHECK (status IN ('IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'PROCESSED')),
    error_message  text,
    created_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    PRIMARY KEY (shard, task_id)
);
CREATE INDEX ON job_tasks (created_at) WHERE status = 'IN_PROGRESS';

-- charging -----------------------------------------------------------------------------------------------------
-- One hot row a job. Room is left in each page so that an update stays beside its old version.

CREATE TABLE job_budgets (
    shard               smallint NOT NULL,
    job_id              bigint   NOT NULL,
    partner_contract_id bigint   NOT NULL,
    currency            text     NOT NULL,
    click_price_micros  bigint   NOT NULL CHECK (click_price_micros >= 0),
    budget_micros       bigint   NOT NULL CHECK (budget_micros >= 0),
    spent_micros        bigint   NOT NULL DEFAULT 0,
    released_micros     bigint   NOT NULL DEFAULT 0,
    live_from_ms        bigint   NOT NULL,
    live_until_ms       bigint   NOT NULL,
    revision            integer  NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, job_id),
    CHECK (spent_micros >= 0 AND released_micros >= 0 AND spent_micros + released_micros <= budget_micros)
) WITH (fillfactor = 70);

CREATE TABLE job_days (
    shard               smallint NOT NULL,
    job_id              bigint   NOT NULL,
    day                 date     NOT NULL,
    partner_contract_id bigint   NOT NULL,
    views               integer  NOT NULL DEFAULT 0,
    apply_clicks        integer  NOT NULL DEFAULT 0,
    clicks_charged      integer  NOT NULL DEFAULT 0,
    clicks_refused      integer  NOT NULL DEFAULT 0,
    charge_micros       bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, job_id, day),
    CHECK (views >= 0 AND clicks_refused >= 0 AND charge_micros >= 0
       AND clicks_charged BETWEEN 0 AND apply_clicks)
) WITH (fillfactor = 70);
CREATE INDEX ON job_days (partner_contract_id, day);

-- metering -----------------------------------------------------------------------------------------------------
-- The key is the event's own time in milliseconds (48 bits), then a hash of its source and id (80 bits):
-- one unique key is both the deduplication and the partition. Day partitions are made ahead by the worker.

CREATE TABLE events (
    shard     smallint NOT NULL,
    event_key uuid     NOT NULL,
    job_id    bigint   NOT NULL,
    kind      smallint NOT NULL,
    verdict   smallint NOT NULL,
    visitor   bigint   NOT NULL,
    address   bigint   NOT NULL,
    batch     bigint   NOT NULL,
    PRIMARY KEY (shard, event_key)
) PARTITION BY RANGE (event_key);

CREATE TABLE event_days (
    day        date PRIMARY KEY,
    dropped_at timestamptz
);

CREATE SEQUENCE event_batches;

CREATE FUNCTION event_key_floor(day date) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT rpad(lpad(to_hex((day - date '1970-01-01')::bigint * 86400000), 12, '0'), 32, '0')::uuid
$$;

-- A partition is built aside and then attached, which does not stop intake as creating it in place would.
CREATE FUNCTION make_event_day(wanted date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    partition_name text := 'events_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    IF EXISTS (SELECT FROM event_days WHERE day = wanted) THEN
        RETURN false;
    END IF;
    INSERT INTO event_days (day) VALUES (wanted) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', partition_name);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   partition_name, event_key_floor(wanted), event_key_floor(wanted + 1));
    RETURN true;
END $$;

-- settlement ---------------------------------------------------------------------------------------------------

CREATE TABLE settled_days (
    day        date        PRIMARY KEY,
    settled_at timestamptz NOT NULL
);

-- sandbox ------------------------------------------------------------------------------------------------------

CREATE TABLE sandbox_clock (
    only_one  boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    offset_ms bigint  NOT NULL
);
