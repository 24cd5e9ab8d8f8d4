-- Apply before the code. Which contract a campaign was posted with, for the caller to read back.

-- campaigns ----------------------------------------------------------------------------------------------------
-- The customer's or the partner's, as sent; without it, as in campaigns of before, the partner's that pays.

ALTER TABLE job_campaigns ADD COLUMN posted_contract_id bigint;
