-- Apply before the code. Notices: where partners are told of things without asking, what they were told.

CREATE TABLE notice_endpoints (
    id             bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    application_id bigint      NOT NULL REFERENCES applications,
    url            text        NOT NULL,
    email          text        NOT NULL DEFAULT '',
    kinds          text[]      NOT NULL,
    created_at     timestamptz NOT NULL,
    removed_at     timestamptz,
    CHECK (url <> '' OR email <> '')
);
CREATE INDEX ON notice_endpoints (application_id) WHERE removed_at IS NULL;

-- Sealed, since what signs must be read again; two may live while one replaces the other.
CREATE TABLE notice_secrets (
    endpoint_id   bigint NOT NULL REFERENCES notice_endpoints,
    number        bigint GENERATED ALWAYS AS IDENTITY,
    sealed_secret bytea  NOT NULL,
    PRIMARY KEY (endpoint_id, number)
);

-- One row for each thing told to one endpoint on one way. Its id stays over all attempts; its number is the order in
-- which notices were queued.
CREATE TABLE notices (
    id            uuid        PRIMARY KEY,
    number        bigint      GENERATED ALWAYS AS IDENTITY,
    endpoint_id   bigint      NOT NULL REFERENCES notice_endpoints,
    way           text        NOT NULL CHECK (way IN ('WEBHOOK', 'EMAIL')),
    kind          text        NOT NULL,
    subject       text        NOT NULL,
    body          text        NOT NULL,
    state         text        NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'DELIVERED', 'DEAD')),
    attempts      integer     NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL,
    created_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    last_outcome  text        NOT NULL DEFAULT ''
);
CREATE INDEX notices_due ON notices (due_at, number) WHERE state = 'WAITING';
CREATE INDEX ON notices (endpoint_id, number);
CREATE INDEX notices_over ON notices (finished_at) WHERE state <> 'WAITING';

-- How far along the stream of charges an endpoint has been told.
CREATE TABLE notice_cursors (
    endpoint_id bigint PRIMARY KEY REFERENCES notice_endpoints,
    told_until  bigint NOT NULL
);
