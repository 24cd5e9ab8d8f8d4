-- Apply before the code. Hiring contracts with slots or credits, their grants; jobs of the XML API; signed requests.

-- contracts ----------------------------------------------------------------------------------------------------
-- Slots and credits themselves are balances of the ledger. A sandbox number is a second name that a grantee may use.

CREATE TABLE hiring_contracts (
    id                   bigint      PRIMARY KEY,
    shard                smallint    NOT NULL CHECK (shard BETWEEN 0 AND 255),
    kind                 text        NOT NULL CHECK (kind IN ('SLOTS', 'CREDITS')),
    owner_name           text        NOT NULL,
    owner_application_id bigint      REFERENCES applications,
    is_postpaid          boolean     NOT NULL,
    currency             text        NOT NULL,
    run_days             integer     NOT NULL CHECK (run_days BETWEEN 1 AND 365),
    default_poster_email text        NOT NULL,
    seats                text[]      NOT NULL,
    sandbox_number       bigint,
    starts_at            timestamptz NOT NULL,
    ends_at              timestamptz NOT NULL,
    created_at           timestamptz NOT NULL,
    CHECK (starts_at <= ends_at),
    CHECK (kind = 'CREDITS' OR NOT is_postpaid),
    CHECK (kind = 'SLOTS' OR owner_application_id IS NOT NULL)
);

CREATE TABLE hiring_grants (
    contract_id    bigint      NOT NULL REFERENCES hiring_contracts,
    application_id bigint      NOT NULL REFERENCES applications,
    granted_at     timestamptz NOT NULL,
    PRIMARY KEY (application_id, contract_id)
);

CREATE TABLE hiring_prices (
    contract_id  bigint      NOT NULL REFERENCES hiring_contracts,
    valid_from   timestamptz NOT NULL,
    price_micros bigint      NOT NULL CHECK (price_micros >= 0),
    PRIMARY KEY (contract_id, valid_from)
);

-- jobs ---------------------------------------------------------------------------------------------------------
-- A job of the XML API may be posted again under its partner's id once it is closed; a P4P external id never.

ALTER TABLE job_postings
    ADD COLUMN channel            text    NOT NULL DEFAULT 'P4P' CHECK (channel IN ('P4P', 'XML')),
    ADD COLUMN hiring_contract_id bigint  REFERENCES hiring_contracts,
    ADD COLUMN poster_email       text    NOT NULL DEFAULT '',
    ADD COLUMN run_number         integer NOT NULL DEFAULT 1,
    ADD COLUMN revision           integer NOT NULL DEFAULT 0,
    ADD CHECK ((channel = 'XML') = (hiring_contract_id IS NOT NULL));

DROP INDEX job_external_ids;
CREATE UNIQUE INDEX job_external_ids ON job_postings (shard, application_id, external_id)
 WHERE channel = 'P4P' AND state <> 'FAILED';
CREATE UNIQUE INDEX job_partner_ids ON job_postings (shard, application_id, external_id)
 WHERE channel = 'XML' AND state <> 'CLOSED';
CREATE INDEX job_ids_used ON job_postings (shard, application_id, external_id, job_id) WHERE channel = 'XML';
CREATE INDEX job_posters ON job_postings (poster_email) WHERE poster_email <> '';
CREATE INDEX job_slots_overdue ON job_postings (hiring_contract_id, expires_at) WHERE channel = 'XML' AND state = 'LIVE';

-- Who changed what, in order: the last write wins, and both sides can see it.
CREATE TABLE job_changes (
    shard          smallint    NOT NULL,
    job_id         bigint      NOT NULL,
    revision       integer     NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('POST', 'EDIT', 'RENEW', 'CLOSE')),
    actor          text        NOT NULL,
    run_number     integer     NOT NULL,
    poster_email   text        NOT NULL,
    changed_fields text[]      NOT NULL,
    made_at        timestamptz NOT NULL,
    PRIMARY KEY (shard, job_id, revision, kind)
);

-- partners -----------------------------------------------------------------------------------------------------
-- A signature can only be checked with the secret itself: it is sealed with a key that the database does not hold.

CREATE TABLE signing_secrets (
    application_id bigint      NOT NULL REFERENCES applications,
    sealed_secret  bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (application_id, sealed_secret)
);

CREATE TABLE signature_nonces (
    application_id bigint NOT NULL,
    stamped_at     bigint NOT NULL,
    nonce_hash     bytea  NOT NULL,
    PRIMARY KEY (stamped_at, application_id, nonce_hash)
);
