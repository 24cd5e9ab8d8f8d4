-- Each rule marks the clicks of the day that no earlier rule has marked. `settling_clicks` exists until the
-- transaction ends; rows are addressed by ctid, which no other transaction can change. A list of ctids is
-- read in physical order, where a join would read the whole table again.

-- name: allow_memory
-- A day's clicks are grouped as a whole; the setting ends with the transaction.
SELECT set_config('work_mem', '256MB', true), set_config('hash_mem_multiplier', '2', true)

-- name: gather_clicks
-- The clicks that count; `rule` is null until a rule marks them. `origin` is the part of the key that
-- identifies source and id.
CREATE TEMPORARY TABLE settling_clicks ON COMMIT DROP AS
SELECT shard, event_key, substr(uuid_send(event_key), 7) AS origin, job_id, visitor, address, batch,
       NULL::smallint AS rule
  FROM events
 WHERE event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)
   AND kind = {EventKind.APPLY_CLICK}
   AND verdict = {Verdict.COUNTED}

-- name: analyze_clicks
ANALYZE settling_clicks

-- name: mark_same_events
-- By time, the first click with a given source and id is the event; all later ones repeat it.
WITH repeated AS (
    SELECT origin
      FROM settling_clicks
     WHERE rule IS NULL
     GROUP BY origin
    HAVING count(*) > 1
), placed AS (
    SELECT settling_clicks.ctid AS place,
           row_number() OVER (PARTITION BY origin ORDER BY event_key, shard) AS nth
      FROM settling_clicks
      JOIN repeated USING (origin)
     WHERE rule IS NULL
)
UPDATE settling_clicks
   SET rule = %(rule)s
 WHERE ctid = ANY(ARRAY(SELECT place FROM placed WHERE nth > 1))

-- name: mark_excluded
-- One branch per criterion, so that long lists are joined instead of being compared one by one. Visitors and
-- networks are given as the day's events are stored with them.
WITH excluded AS (
    SELECT criterion, subject, origin
      FROM settlement_exclusions
     WHERE day IS NULL
        OR day = %(day)s
), found AS (
    SELECT clicks.ctid AS place
      FROM settling_clicks AS clicks
      JOIN excluded ON criterion = {Criterion.EVENT} AND excluded.origin = clicks.origin
     UNION
    SELECT clicks.ctid
      FROM settling_clicks AS clicks
      JOIN unnest(%(visitors)s::bigint[]) AS subject ON subject = visitor
     UNION
    SELECT clicks.ctid
      FROM settling_clicks AS clicks
      JOIN unnest(%(addresses)s::bigint[]) AS subject ON subject = address
     UNION
    SELECT clicks.ctid
      FROM settling_clicks AS clicks
      JOIN excluded ON criterion = {Criterion.JOB} AND subject = job_id
     UNION
    SELECT clicks.ctid
      FROM settling_clicks AS clicks
     WHERE EXISTS (SELECT FROM excluded WHERE criterion = {Criterion.DAY})
)
UPDATE settling_clicks
   SET rule = %(rule)s
 WHERE ctid = ANY(ARRAY(SELECT place FROM found))
   AND rule IS NULL

-- name: list_excluded_senders
-- The visitors and networks that are excluded on a day, as they are without its salt.
SELECT criterion, subject
  FROM settlement_exclusions
 WHERE criterion IN ({Criterion.VISITOR}, {Criterion.ADDRESS})
   AND (day IS NULL OR day = %(day)s)

-- name: list_networks_seen
-- The networks of unmarked clicks as they are stored; none while no list has any.
SELECT DISTINCT address
  FROM settling_clicks
 WHERE rule IS NULL
   AND address <> 0
   AND EXISTS (SELECT FROM blocked_networks)

-- name: mark_data_centres
-- Each network as it is stored, and as lists name it.
UPDATE settling_clicks
   SET rule = %(rule)s
  FROM unnest(%(stored)s::bigint[], %(addresses)s::bigint[]) AS seen (stored, address)
  JOIN blocked_networks USING (address)
 WHERE stored = settling_clicks.address
   AND rule IS NULL

-- name: mark_repeated_clicks
-- Visitor 0 is unknown: two such clicks may come from two people.
WITH repeated AS (
    SELECT job_id, visitor
      FROM settling_clicks
     WHERE rule IS NULL
       AND visitor <> 0
     GROUP BY job_id, visitor
    HAVING count(*) > 1
), placed AS (
    SELECT settling_clicks.ctid AS place,
           row_number() OVER (PARTITION BY job_id, visitor ORDER BY event_key) AS nth
      FROM settling_clicks
      JOIN repeated USING (job_id, visitor)
     WHERE rule IS NULL
)
UPDATE settling_clicks
   SET rule = %(rule)s
 WHERE ctid = ANY(ARRAY(SELECT place FROM placed WHERE nth > 1))

-- name: mark_bursts
-- One statement for both rules, which differ only in the column and in the limits: a visitor, or a network,
-- which many people share. 0 is unknown. Consecutive windows from 1970 on, and a second set shifted by half a
-- window: clicks within half a window always fall into one window of either set. Only senders with many
-- clicks on the day are checked by window. The planner substitutes the rule and uses the column's statistics.
WITH clicks AS NOT MATERIALIZED (
    SELECT ctid AS place, event_key, job_id,
           CASE WHEN %(rule)s = {Rule.ADDRESS_BURST} THEN address ELSE visitor END AS sender
      FROM settling_clicks
     WHERE rule IS NULL
), busy AS (
    SELECT sender
      FROM clicks
     WHERE sender <> 0
     GROUP BY sender
    HAVING count(*) > %(jobs_max)s
), placed AS (
    SELECT place, sender, job_id, half,
           (event_key_ms(event_key) + half * %(window_minutes)s * 30000::bigint)
               / (%(window_minutes)s * 60000::bigint) AS part
      FROM clicks
      JOIN busy USING (sender)
     CROSS JOIN (VALUES (0), (1)) AS halves (half)
), bursts AS (
    SELECT sender, half, part
      FROM placed
     GROUP BY sender, half, part
    HAVING count(DISTINCT job_id) > %(jobs_max)s
)
UPDATE settling_clicks
   SET rule = %(rule)s
 WHERE ctid = ANY(ARRAY(SELECT place FROM placed JOIN bursts USING (sender, half, part)))

-- name: list_visitors_without_view
-- The visitors of unmarked clicks on jobs that they did not view on the day, as they are stored; none if the
-- board reports no views on the day at all.
WITH seen AS (
    SELECT DISTINCT job_id, visitor
      FROM events
     WHERE event_key >= event_key_floor(%(day)s)
       AND event_key < event_key_floor(%(day)s + 1)
       AND kind = {EventKind.VIEW}
       AND visitor <> 0
)
SELECT DISTINCT visitor
  FROM settling_clicks
 WHERE rule IS NULL
   AND visitor <> 0
   AND EXISTS (SELECT FROM seen)
   AND NOT EXISTS (SELECT
                     FROM seen
                    WHERE seen.job_id = settling_clicks.job_id
                      AND seen.visitor = settling_clicks.visitor)

-- name: mark_clicks_without_view
-- A view on that day or the day before counts, whatever its verdict at intake: the rule asks whether the
-- visitor can have seen the job. Each visitor is given as it is stored on the day, and on the day before.
WITH suspects AS (
    SELECT visitor, visitor_before
      FROM unnest(%(visitors)s::bigint[], %(visitors_before)s::bigint[]) AS suspect (visitor, visitor_before)
), seen AS (
    SELECT job_id, suspects.visitor
      FROM events
      JOIN suspects USING (visitor)
     WHERE event_key >= event_key_floor(%(day)s)
       AND event_key < event_key_floor(%(day)s + 1)
       AND kind = {EventKind.VIEW}
     UNION ALL
    SELECT job_id, suspects.visitor
      FROM events
      JOIN suspects ON visitor_before = events.visitor
     WHERE event_key >= event_key_floor(%(day)s - 1)
       AND event_key < event_key_floor(%(day)s)
       AND kind = {EventKind.VIEW}
)
UPDATE settling_clicks
   SET rule = %(rule)s
 WHERE rule IS NULL
   AND visitor IN (SELECT visitor FROM suspects)
   AND NOT EXISTS (SELECT
                     FROM seen
                    WHERE seen.job_id = settling_clicks.job_id
                      AND seen.visitor = settling_clicks.visitor)

-- name: gather_touched
-- The batches with marked clicks and the amount of each charge, in a separate table: after ANALYZE the
-- planner knows how many there are. If a job had free clicks on the day, its batches may be charged in part;
-- of a settled day that is judged again on trial they may have been reversed, and one that is not settled may
-- be counted in budgets still.
CREATE TEMPORARY TABLE touched_batches ON COMMIT DROP AS
WITH touched AS (
    SELECT shard, job_id, batch
      FROM settling_clicks
     WHERE rule IS NOT NULL
     GROUP BY shard, job_id, batch
)
SELECT touched.shard, touched.job_id, touched.batch, reference, coalesce(click_price_micros, 0) AS price,
       coalesce(amount_micros / nullif(click_price_micros, 0), 0) AS paid,
       reference IS NOT NULL
       AND (coalesce(apply_clicks > clicks_charged OR clicks_reversed > 0, false)
            OR coalesce(live_day = %(day)s AND day_clicks > day_charged, false)) AS may_be_cut
  FROM touched
  LEFT JOIN LATERAL charge_of(touched.shard, touched.job_id, %(day)s, touched.batch)
    ON true
  LEFT JOIN job_budgets
    ON job_budgets.shard = touched.shard
   AND job_budgets.job_id = touched.job_id
  LEFT JOIN job_days
    ON job_days.shard = touched.shard
   AND job_days.job_id = touched.job_id
   AND job_days.day = %(day)s

-- name: analyze_marks
ANALYZE settling_clicks (rule)

-- name: analyze_touched
ANALYZE touched_batches

-- columns: judged
placed AS (
    SELECT shard, event_key, job_id, batch, rule, reference, price, paid,
           row_number() OVER (PARTITION BY shard, job_id, batch ORDER BY event_key) AS nth
      FROM settling_clicks
      JOIN touched_batches USING (shard, job_id, batch)
     WHERE may_be_cut
), judged AS (
    SELECT shard, event_key, job_id, batch, rule, price, CASE WHEN nth <= paid THEN reference END AS charge
      FROM placed
     WHERE rule IS NOT NULL
     UNION ALL
    SELECT shard, event_key, job_id, batch, rule, price, reference
      FROM settling_clicks
      JOIN touched_batches USING (shard, job_id, batch)
     WHERE rule IS NOT NULL
       AND NOT may_be_cut
)

-- name: record_reversals
-- Of a batch's clicks on a job and day the first by key were charged, as many as its posting pays for, marked
-- or not, since the charge was booked before the recheck. Only batches that may be charged in part are
-- ranked.
WITH {judged}
INSERT INTO event_reversals (shard, event_key, job_id, batch, rule, charge, amount_micros)
SELECT shard, event_key, job_id, batch, rule, charge, CASE WHEN charge IS NULL THEN 0 ELSE price END
  FROM judged

-- name: sum_marks
-- What would be recorded, by rule and currency; a job that does not pay per click has none.
WITH {judged}
SELECT rule, coalesce(currency, '') AS currency, count(*) AS clicks, count(charge) AS clicks_charged,
       coalesce(sum(price) FILTER (WHERE charge IS NOT NULL), 0)::bigint AS amount_micros
  FROM judged
  LEFT JOIN job_budgets USING (shard, job_id)
 GROUP BY rule, coalesce(currency, '')
 ORDER BY rule, currency

-- name: unmark_from
UPDATE settling_clicks
   SET rule = NULL
 WHERE rule >= %(rule)s

-- name: drop_touched
DROP TABLE touched_batches

-- name: delete_reversal_marks
-- Event keys do not contain the shard, the first column of the key: all shards are searched by index.
DELETE FROM event_reversals
 WHERE shard IN (SELECT every_shard())
   AND event_key >= event_key_floor(%(day)s)
   AND event_key < event_key_floor(%(day)s + 1)

-- name: list_rules
SELECT rule, is_on, jobs_max, window_minutes
  FROM settlement_rules

-- name: set_rule
INSERT INTO settlement_rules (rule, is_on, jobs_max, window_minutes)
VALUES (%(rule)s, %(is_on)s, %(jobs_max)s, %(window_minutes)s)
    ON CONFLICT (rule) DO UPDATE
   SET is_on = excluded.is_on,
       jobs_max = excluded.jobs_max,
       window_minutes = excluded.window_minutes

-- name: insert_exclusion
INSERT INTO settlement_exclusions (criterion, subject, origin, day, note, created_at)
VALUES (%(criterion)s, %(subject)s, %(origin)s, %(day)s, %(note)s, %(created_at)s)
    ON CONFLICT DO NOTHING

-- name: find_exclusion
SELECT id
  FROM settlement_exclusions
 WHERE criterion = %(criterion)s
   AND subject = %(subject)s
   AND origin = %(origin)s
   AND day IS NOT DISTINCT FROM %(day)s

-- name: list_exclusions
SELECT id, criterion, subject, origin, day, note, created_at
  FROM settlement_exclusions
 WHERE id > %(after)s
 ORDER BY id
 LIMIT %(rows_max)s

-- name: remove_exclusion
DELETE FROM settlement_exclusions
 WHERE id = %(exclusion_id)s

-- name: list_network_lists
-- The operator has a few lists, of some hundred thousand networks at most.
SELECT list_name, count(*) AS networks, max(added_at) AS added_at
  FROM blocked_networks
 GROUP BY list_name
 ORDER BY list_name

-- name: add_networks
-- Replaces the whole list; a network keeps the list that named it first.
WITH asked AS (
    SELECT DISTINCT address
      FROM unnest(%(first)s::bigint[], %(last)s::bigint[]) AS span (first, last)
     CROSS JOIN LATERAL generate_series(first, last) AS address
), gone AS (
    DELETE FROM blocked_networks
     WHERE list_name = %(list_name)s
       AND address NOT IN (SELECT address FROM asked)
)
INSERT INTO blocked_networks (address, list_name, added_at)
SELECT address, %(list_name)s, %(added_at)s
  FROM asked
    ON CONFLICT (address) DO NOTHING

-- name: replace_excluded_visitor
UPDATE settlement_exclusions
   SET subject = %(substitute)s
 WHERE criterion = {Criterion.VISITOR}
   AND subject = %(visitor)s
