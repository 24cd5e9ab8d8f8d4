-- Apply before the code. Job feeds: where they are, what is known of their jobs, what came of reading them.

-- feeds --------------------------------------------------------------------------------------------------------
-- A feed without an interval is read when it is asked for. The validators are those of the last body that was read
-- to its end; `read_at` is when.

CREATE TABLE job_feeds (
    id               bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    application_id   bigint      NOT NULL REFERENCES applications,
    location         text        NOT NULL,
    interval_minutes integer     CHECK (interval_minutes > 0),
    due_at           timestamptz,
    may_close_all    boolean     NOT NULL DEFAULT false,
    etag             text        NOT NULL DEFAULT '',
    last_modified    text        NOT NULL DEFAULT '',
    read_at          timestamptz,
    created_at       timestamptz NOT NULL,
    UNIQUE (application_id, location)
);
CREATE INDEX ON job_feeds (due_at) WHERE due_at IS NOT NULL;

-- The jobs that a feed keeps live. An empty fingerprint fits no job: it is read and written again.
CREATE TABLE feed_jobs (
    feed_id        bigint      NOT NULL REFERENCES job_feeds,
    partner_job_id text        NOT NULL,
    job_id         bigint      NOT NULL,
    fingerprint    bytea       NOT NULL,
    renew_at       timestamptz,
    PRIMARY KEY (feed_id, partner_job_id)
);

CREATE TABLE feed_runs (
    feed_id            bigint      NOT NULL REFERENCES job_feeds,
    number             bigint      GENERATED ALWAYS AS IDENTITY,
    started_at         timestamptz NOT NULL,
    outcome            text        NOT NULL
                       CHECK (outcome IN ('DONE', 'NOT_CHANGED', 'STOPPED', 'MALFORMED', 'NOT_FETCHED')),
    message            text        NOT NULL,
    jobs               integer     NOT NULL,
    created            integer     NOT NULL,
    updated            integer     NOT NULL,
    unchanged          integer     NOT NULL,
    failed             integer     NOT NULL,
    closed             integer     NOT NULL,
    held_back          integer     NOT NULL,
    expected_job_count integer,
    PRIMARY KEY (feed_id, number)
);

-- Of the last body that was read; `position` counts the feed's jobs from 0.
CREATE TABLE feed_errors (
    feed_id        bigint  NOT NULL REFERENCES job_feeds,
    position       integer NOT NULL,
    partner_job_id text    NOT NULL,
    path           text    NOT NULL,
    why            text    NOT NULL,
    PRIMARY KEY (feed_id, position)
);

-- jobs ---------------------------------------------------------------------------------------------------------
-- A job of a feed is a basic one: no contract pays for it.

ALTER TABLE job_postings
    DROP CONSTRAINT job_postings_channel_check,
    DROP CONSTRAINT job_postings_paid_one_way,
    ADD CONSTRAINT job_postings_channel_check CHECK (channel IN ('P4P', 'XML', 'FEED')),
    ADD CONSTRAINT job_postings_paid_one_way
        CHECK ((channel <> 'XML' OR hiring_contract_id IS NOT NULL)
           AND (hiring_contract_id IS NULL OR partner_contract_id IS NULL)
           AND (channel <> 'FEED' OR (hiring_contract_id IS NULL AND partner_contract_id IS NULL)));

CREATE UNIQUE INDEX job_feed_ids ON job_postings (shard, application_id, external_id)
 WHERE channel = 'FEED' AND state <> 'CLOSED';
