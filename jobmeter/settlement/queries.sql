-- name: wait_for_settlement
SELECT pg_advisory_xact_lock(1246707540)

-- name: is_judged
SELECT EXISTS (SELECT FROM settlement_runs WHERE day = %(day)s)
