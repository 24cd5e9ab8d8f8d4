-- Apply before the code. Named keys of the installation's own people and programs, beside the keys of the settings.

CREATE TABLE operator_keys (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    role       text        NOT NULL CHECK (role IN ('READER', 'OPERATOR', 'EVENTS')),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz CHECK (revoked_at >= created_at)
);
-- A revoked key's name is free again.
CREATE UNIQUE INDEX operator_key_names ON operator_keys (name) WHERE revoked_at IS NULL;

-- Two at most are valid of a key, while it is being rotated; none of a revoked one.
CREATE TABLE operator_key_secrets (
    secret_hash bytea       PRIMARY KEY CHECK (length(secret_hash) = 32),
    key_id      bigint      NOT NULL REFERENCES operator_keys,
    created_at  timestamptz NOT NULL
);
CREATE INDEX operator_key_secrets_of_key ON operator_key_secrets (key_id);
