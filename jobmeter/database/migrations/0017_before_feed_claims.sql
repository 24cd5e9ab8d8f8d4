-- When a process took the feed's turn: a turn whose process was killed is taken again.

ALTER TABLE job_feeds ADD COLUMN claimed_at timestamptz;
