-- name: change_in_turn
-- Of a distributed database (Citus): one piece after another, on the connection by which tables of every
-- node are changed too. On one server it is a setting that nothing reads.
SET LOCAL citus.multi_shard_modify_mode = 'sequential'

-- name: claim_look
SELECT true
  FROM poster_retention
 WHERE looked_on < %(today)s
   FOR UPDATE SKIP LOCKED

-- name: end_look
UPDATE poster_retention
   SET looked_on = %(today)s
