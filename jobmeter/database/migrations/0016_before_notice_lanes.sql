-- Apply before the code. Which endpoint is being told, so that several processes keep the order of its notices.

ALTER TABLE notice_endpoints ADD COLUMN busy_until timestamptz;
