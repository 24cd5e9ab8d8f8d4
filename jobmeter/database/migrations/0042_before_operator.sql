-- Apply before the code. The operator looks at the pages of a partner: the session has the partner's pages, and changes nothing.
ALTER TABLE person_sessions ADD COLUMN viewed_partner_id bigint REFERENCES applications;
