-- Apply before the code. People who log in to the web pages: what each may do, how they log in, where they are logged in.
-- Links, codes and sessions are stored as hashes only.

CREATE TABLE people (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- In lower case, as it was converted before it is compared or mailed to.
    email      text        NOT NULL UNIQUE CHECK (length(email) BETWEEN 3 AND 254),
    name       text        NOT NULL CHECK (length(name) <= 200),
    language   text        NOT NULL,
    time_zone  text        NOT NULL,
    theme      text        NOT NULL CHECK (theme IN ('system', 'light', 'dark')),
    created_at timestamptz NOT NULL
);

-- What a person may do: everywhere, at one partner, or with one customer's jobs. Seeing the jobs that were posted with
-- one's own address needs no row.
CREATE TABLE person_grants (
    id                 bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id          bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    role               text        NOT NULL,
    partner_id         bigint      REFERENCES applications,
    application_id     bigint      REFERENCES applications,
    hiring_contract_id bigint      REFERENCES hiring_contracts,
    granted_at         timestamptz NOT NULL,
    CHECK (CASE role
           WHEN 'OPERATOR' THEN num_nonnulls(partner_id, application_id, hiring_contract_id) = 0
           WHEN 'OPERATOR_READER' THEN num_nonnulls(partner_id, application_id, hiring_contract_id) = 0
           WHEN 'PARTNER_MANAGER' THEN partner_id IS NOT NULL AND num_nonnulls(application_id, hiring_contract_id) = 0
           WHEN 'PARTNER_READER' THEN partner_id IS NOT NULL AND num_nonnulls(application_id, hiring_contract_id) = 0
           WHEN 'CUSTOMER' THEN partner_id IS NULL AND num_nonnulls(application_id, hiring_contract_id) = 1
           ELSE false END)
);
-- One role for each thing: it is changed, not added to.
CREATE UNIQUE INDEX person_grants_of_person ON person_grants
    (person_id, coalesce(partner_id, 0), coalesce(application_id, 0), coalesce(hiring_contract_id, 0));
CREATE INDEX person_grants_of_partner ON person_grants (partner_id, person_id) WHERE partner_id IS NOT NULL;

-- Requests to log in. One is made for every address, also for one that nobody has: then no mail is sent.
CREATE TABLE login_requests (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email        text        NOT NULL,
    is_known     boolean     NOT NULL,
    language     text        NOT NULL,
    -- The part of the internet address that one subscriber has; empty where it is not known.
    network      text        NOT NULL,
    browser_hash bytea       NOT NULL CHECK (length(browser_hash) = 32),
    token_hash   bytea       NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    code_hash    bytea       NOT NULL CHECK (length(code_hash) = 32),
    tries        integer     NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    made_at      timestamptz NOT NULL,
    used_at      timestamptz CHECK (used_at >= made_at)
);
CREATE INDEX login_requests_of_email ON login_requests (email, made_at);
CREATE INDEX login_requests_of_network ON login_requests (network, made_at);
CREATE INDEX login_requests_of_browser ON login_requests (browser_hash, made_at);
CREATE INDEX login_requests_by_time ON login_requests (made_at);

-- No grant means that the person sees the jobs of their own address.
CREATE TABLE person_sessions (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash   bytea       NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    person_id    bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    grant_id     bigint      REFERENCES person_grants ON DELETE CASCADE,
    device       text        NOT NULL,
    network      text        NOT NULL,
    began_at     timestamptz NOT NULL,
    confirmed_at timestamptz NOT NULL CHECK (confirmed_at >= began_at),
    last_used_at timestamptz NOT NULL CHECK (last_used_at >= began_at)
);
CREATE INDEX person_sessions_of_person ON person_sessions (person_id);
CREATE INDEX person_sessions_of_grant ON person_sessions (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX person_sessions_by_use ON person_sessions (last_used_at);

CREATE TABLE passkeys (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id     bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    credential_id bytea       NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    public_key    bytea       NOT NULL,
    sign_count    bigint      NOT NULL CHECK (sign_count >= 0),
    name          text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz CHECK (last_used_at >= created_at)
);
CREATE INDEX passkeys_of_person ON passkeys (person_id);

-- What passkeys signed, each once. It is made from the secret key, and only used ones are kept until they are too old.
CREATE TABLE passkey_challenges (
    challenge_hash bytea       PRIMARY KEY CHECK (length(challenge_hash) = 32),
    used_at        timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_by_time ON passkey_challenges (used_at);
