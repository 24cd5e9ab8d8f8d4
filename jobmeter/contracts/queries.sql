-- name: next_contract_id
-- One sequence for all kinds, since a job names its contract by number alone.
SELECT nextval('contract_ids')
