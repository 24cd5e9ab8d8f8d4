-- Apply before the code. What people set in a sandbox: visitors that come by themselves, and the error that the next calls return.

CREATE TABLE sandbox_traffic (
    only_one          boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    is_on             boolean NOT NULL,
    views_per_job_day integer NOT NULL CHECK (views_per_job_day > 0),
    made_until_ms     bigint  NOT NULL
);

-- Each delivery of an event, with what the event really is. Those that are sent are kept for the score of the filters.
CREATE TABLE sandbox_events (
    number        bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id      text    NOT NULL,
    job_id        bigint  NOT NULL,
    label         text    NOT NULL,
    is_click      boolean NOT NULL,
    is_repeat     boolean NOT NULL,
    time_ms       bigint  NOT NULL,
    deliver_at_ms bigint  NOT NULL,
    body          text    NOT NULL,
    is_sent       boolean NOT NULL DEFAULT false
);
CREATE INDEX sandbox_events_waiting ON sandbox_events (deliver_at_ms) WHERE NOT is_sent;
CREATE INDEX sandbox_events_by_time ON sandbox_events (time_ms);

-- Without a number of calls it lasts until it is turned off.
CREATE TABLE sandbox_failure (
    only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    code       integer NOT NULL,
    calls_left integer CHECK (calls_left >= 0)
);

-- What happened in an installation, row by row. For a sandbox: no index serves a range of these moments.
CREATE VIEW happenings (at, kind, count, subject, is_by_hour) AS
SELECT settled_at, 'DAY_SETTLED', 1::bigint, day::text, false
  FROM settled_days
 UNION ALL
SELECT judged_at, 'CLICKS_REVERSED', clicks_reversed, day::text, false
  FROM settlement_runs
 WHERE clicks_reversed > 0
 UNION ALL
SELECT expires_at, 'JOBS_EXPIRED', 1, '', true
  FROM job_postings
 WHERE state = 'EXPIRED'
 UNION ALL
SELECT closed_at, 'JOBS_CLOSED', 1, '', true
  FROM job_postings
 WHERE state = 'CLOSED'
 UNION ALL
SELECT changed_at, 'JOBS_RAN_OUT', 1, '', true
  FROM delivery_changes
 WHERE NOT is_promoted
   AND reason = 'JOB_BUDGET'
 UNION ALL
SELECT issued_at, 'DOCUMENT_ISSUED', 1, billing_number(series, sequence), false
  FROM billing_documents
 WHERE digest <> ''
 UNION ALL
SELECT created_at, 'NOTIFICATIONS_QUEUED', 1, kind, true
  FROM notices
 UNION ALL
SELECT started_at, 'FEED_READ', 1, feed_id::text, false
  FROM feed_runs
 UNION ALL
SELECT to_timestamp(deliver_at_ms / 1000.0), 'VISITS', 1, '', true
  FROM sandbox_events
 WHERE is_sent
   AND NOT is_click;
