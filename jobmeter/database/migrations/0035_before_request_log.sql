-- Apply before the code. The last requests of partners' applications, bounded in rows and days; secrets are masked before they are stored.

CREATE TABLE logged_requests (
    number           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- None where no credentials were sent, or unknown ones.
    partner_id       bigint,
    application_id   bigint,
    client_id        text        NOT NULL,
    -- The machine's time, by which rows are kept, and the installation's, which a sandbox moves.
    received_at      timestamptz NOT NULL,
    happened_at      timestamptz NOT NULL,
    duration_ms      integer     NOT NULL,
    method           text        NOT NULL,
    path             text        NOT NULL,
    query            text        NOT NULL,
    status           smallint    NOT NULL,
    error            text        NOT NULL,
    -- The same for the same access token; the token cannot be found from it.
    token_mark       text        NOT NULL,
    request_headers  text        NOT NULL,
    request_body     text        NOT NULL,
    response_headers text        NOT NULL,
    response_body    text        NOT NULL,
    -- How many requests of the same application were not recorded since the one before.
    skipped          integer     NOT NULL
);
CREATE INDEX logged_requests_of_partner ON logged_requests (partner_id, number);
CREATE INDEX logged_requests_of_application ON logged_requests (application_id, number);
CREATE INDEX logged_requests_by_time ON logged_requests (received_at);
