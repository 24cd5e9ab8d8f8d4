-- name: make_events
-- The least that a click needs is its event, found by its key,
CREATE TABLE plain_events (
    event_key  uuid PRIMARY KEY,
    job_id     bigint NOT NULL,
    visitor    bigint NOT NULL,
    address    bigint NOT NULL,
    clicked_at timestamptz NOT NULL
)

-- name: make_jobs
-- and what its job has spent.
CREATE TABLE plain_jobs (
    job_id       bigint PRIMARY KEY,
    clicks       bigint NOT NULL,
    spent_micros bigint NOT NULL
)

-- name: fill_jobs
INSERT INTO plain_jobs (job_id, clicks, spent_micros)
SELECT job_id, 0, 0
  FROM generate_series(1, %(jobs)s) AS job_id

-- name: analyze_plain
-- Autovacuum would do this within a minute, but the measurement must not depend on it.
VACUUM ANALYZE plain_jobs
