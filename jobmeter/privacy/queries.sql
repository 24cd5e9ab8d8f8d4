-- name: claim_look
SELECT true
  FROM poster_retention
 WHERE looked_on < %(today)s
   FOR UPDATE SKIP LOCKED

-- name: end_look
UPDATE poster_retention
   SET looked_on = %(today)s
