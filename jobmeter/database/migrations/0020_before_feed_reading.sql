-- Apply before the code. What a feed says by default, what its jobs were read from, and warnings beside errors.

ALTER TABLE job_feeds ADD COLUMN defaults jsonb NOT NULL DEFAULT '{}';

-- The reader takes more than before: each feed is fetched again, also if its server says that it has not changed.
UPDATE job_feeds SET etag = '', last_modified = '';

-- `shape` is the path of the jobs, `warned` counts jobs with warnings, `notes` hold for the whole feed.
ALTER TABLE feed_runs
    ADD COLUMN shape text NOT NULL DEFAULT '',
    ADD COLUMN warned integer NOT NULL DEFAULT 0,
    ADD COLUMN notes text[] NOT NULL DEFAULT '{}';

-- One row for each job with flaws; one without an error was taken.
ALTER TABLE feed_errors
    ADD COLUMN title text NOT NULL DEFAULT '',
    ADD COLUMN flaws jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN is_error boolean NOT NULL DEFAULT true;
