-- Apply before the code. The edge: permission to make tokens, calls counted per day, answers kept for repeats.

ALTER TABLE applications ADD COLUMN may_make_tokens boolean NOT NULL DEFAULT true;

-- The sweep reads expired tokens in order; a ban revokes all that an application still holds.
CREATE INDEX access_tokens_expiry ON access_tokens (expires_at);
CREATE INDEX access_tokens_holder ON access_tokens (application_id);

-- Calls of an application to a resource on a UTC day. `taken` counts what the processes have leased, so it is never
-- below the calls answered; `granted` is the size of the last lease, which is how a lease learns its own.
CREATE TABLE call_counters (
    application_id bigint NOT NULL REFERENCES applications,
    resource       text   NOT NULL,
    day            date   NOT NULL,
    taken          bigint NOT NULL CHECK (taken >= 0),
    granted        bigint NOT NULL CHECK (granted >= 0),
    PRIMARY KEY (application_id, resource, day)
);
CREATE INDEX ON call_counters (day);

-- A request that carries an Idempotency-Key, found by the hash of sender, method, path and key. Until it is answered
-- `status` is null. The answer is sealed under the key itself, which is not kept: it may hold a new secret.
CREATE TABLE repeat_claims (
    claim_hash    bytea       PRIMARY KEY,
    body_hash     bytea       NOT NULL,
    claimed_at    timestamptz NOT NULL,
    status        smallint,
    sealed_answer bytea,
    CHECK ((status IS NULL) = (sealed_answer IS NULL))
);
CREATE INDEX ON repeat_claims (claimed_at);
