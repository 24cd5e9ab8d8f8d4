-- Apply before the code. What the operator lists and searches: partners by its own reference, applications, jobs.

-- partners -----------------------------------------------------------------------------------------------------
-- The operator's own name of a partner, such as a customer number. An older server creates partners without one.

ALTER TABLE applications
    ADD COLUMN reference text CHECK (length(reference) BETWEEN 1 AND 100),
    ADD CHECK (reference IS NULL OR parent_id IS NULL);
CREATE UNIQUE INDEX partner_references ON applications (reference) WHERE reference IS NOT NULL;
-- A page of partners reads no children; one of a partner's children no others.
CREATE INDEX partners_in_order ON applications (id) WHERE parent_id IS NULL;
CREATE INDEX applications_of_partner ON applications (parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX application_foreign_ids ON applications (unique_foreign_id) WHERE unique_foreign_id IS NOT NULL;
-- The beginning of a name, in any case.
CREATE INDEX application_names ON applications (lower(name) text_pattern_ops);

-- other lists --------------------------------------------------------------------------------------------------

CREATE INDEX job_external_ids_of_all ON job_postings (external_id, shard, job_id);
CREATE INDEX customer_contracts_of_partner_contract ON customer_contracts (partner_contract_id, id);
CREATE INDEX hiring_grants_of_contract ON hiring_grants (contract_id, application_id);
CREATE INDEX excluded_visitors_in_order ON excluded_visitors (application_id, id);
