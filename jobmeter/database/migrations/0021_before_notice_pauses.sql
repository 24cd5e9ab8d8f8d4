-- Apply before the code. An endpoint that cannot be reached is paused as a whole, and one that says that it is gone is
-- disabled; the notices that were not sent have no attempt.

ALTER TABLE notice_endpoints
    ADD COLUMN failed_turns integer NOT NULL DEFAULT 0,
    ADD COLUMN paused_until timestamptz,
    ADD COLUMN gone_at      timestamptz;

-- When a notice was last queued; null: when it was created.
ALTER TABLE notices ADD COLUMN queued_at timestamptz;
