-- Apply before the code. When a signing secret of a webhook was created; nothing of those that exist, and of those that an older
-- server creates.

ALTER TABLE notice_secrets ADD COLUMN created_at timestamptz;
