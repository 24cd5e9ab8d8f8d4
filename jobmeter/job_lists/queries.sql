-- columns: copied
partner_id, application_id, posted_ms, spent_micros, state, kind, reason, campaign, title_key, search_text

-- columns: shown
listed.job_id, listed.application_id, listed.kind, listed.state, listed.reason, listed.campaign,
       listed.posted_ms, listed.spent_micros, listed.views, listed.clicks, listed.title_key, external_id,
       company_job_code, title, company_name, place, currency, limit_micros

-- columns: page
job_id, application_id, kind, state, reason, campaign, posted_ms, spent_micros, views, clicks, title_key

-- columns: with_texts
CROSS JOIN LATERAL job_to_list(shard_of(listed.job_id), listed.job_id) AS current

-- columns: number_key
%(sign)s::bigint * CASE %(order)s WHEN 'SPENT' THEN spent_micros
                                  WHEN 'CLICKS' THEN clicks
                                  ELSE posted_ms
                              END

-- columns: is_wanted
-- What is searched for is put into its form once: a generic plan would do it for every job.
partner_id = %(partner_id)s
   AND (%(application_id)s::bigint IS NULL OR application_id = %(application_id)s)
   AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
   AND (%(campaign)s::text IS NULL OR campaign = %(campaign)s)
   AND (%(search)s::text IS NULL OR strpos(search_text, (SELECT search_form(%(search)s))) > 0)

-- columns: is_found
(%(partner_id)s::bigint IS NULL OR partner_id = %(partner_id)s)
   AND (%(application_id)s::bigint IS NULL OR application_id = %(application_id)s)
   AND (%(search)s::text IS NULL OR strpos(search_text, (SELECT search_form(%(search)s))) > 0)

-- name: lock_lists
-- One writer at a time: of two copies of a job, the older one could be stored last.
SELECT counted_at, seen_through, counting_through, reached_job
  FROM listed_job_counts
   FOR UPDATE

-- name: claim_notes
DELETE FROM listed_job_notes
 WHERE id IN (SELECT id
                FROM listed_job_notes
               ORDER BY id
               LIMIT %(rows_max)s)
RETURNING job_id

-- name: copy_jobs
-- The figures of a job that is listed stay; they are counted at intervals.
INSERT INTO listed_jobs AS kept (
    job_id, {copied}, views, clicks
)
SELECT asked_id, {copied}, counted.views, counted.clicks
  FROM unnest(%(job_ids)s::bigint[]) AS asked (asked_id)
 CROSS JOIN LATERAL job_to_list(shard_of(asked_id), asked_id) AS current
 CROSS JOIN LATERAL job_totals(shard_of(asked_id), asked_id) AS counted
    ON CONFLICT (job_id) DO UPDATE
   SET posted_ms = excluded.posted_ms,
       spent_micros = excluded.spent_micros,
       state = excluded.state,
       kind = excluded.kind,
       reason = excluded.reason,
       campaign = excluded.campaign,
       title_key = excluded.title_key,
       search_text = excluded.search_text

-- name: begin_count
UPDATE listed_job_counts
   SET counting_through = %(final_through)s,
       reached_job = 0

-- name: add_uncounted
-- Jobs with figures of days that were not final when they were last counted: found by contract, 0 for jobs
-- without one.
INSERT INTO uncounted_jobs (job_id)
SELECT DISTINCT found.job_id
  FROM (SELECT 0::bigint AS contract_id UNION ALL SELECT id FROM partner_contracts) AS contracts
 CROSS JOIN LATERAL contract_days_after(contract_id, %(seen_through)s) AS found

-- name: list_uncounted
SELECT job_id
  FROM uncounted_jobs
 WHERE job_id > %(reached_job)s
 ORDER BY job_id
 LIMIT %(rows_max)s

-- name: count_listed_jobs
-- Of each job only the days are read that it has not counted for good.
UPDATE listed_jobs AS kept
   SET views = final_views + counted.views,
       clicks = final_clicks + counted.clicks,
       final_views = final_views + settled_views,
       final_clicks = final_clicks + settled_clicks,
       final_through = %(final_through)s,
       spent_micros = counted.spent_micros
  FROM unnest(%(job_ids)s::bigint[]) AS active (job_id)
 CROSS JOIN LATERAL (
       SELECT final_through AS through
         FROM listed_jobs
        WHERE listed_jobs.job_id = active.job_id
       OFFSET 0) AS before
 CROSS JOIN LATERAL job_totals_after(shard_of(active.job_id), active.job_id, before.through,
                                     %(final_through)s) AS counted
 WHERE kept.job_id = active.job_id
   AND (kept.views, kept.clicks, kept.spent_micros, final_through)
       IS DISTINCT FROM (final_views + counted.views, final_clicks + counted.clicks, counted.spent_micros,
                         %(final_through)s)

-- name: set_reached
UPDATE listed_job_counts
   SET reached_job = %(reached_job)s

-- name: count_contract_days
-- The same days, by application. A day has no fewer applications than before: charges may be reversed, but
-- the rows of their jobs stay.
INSERT INTO listed_contract_days AS kept (partner_contract_id, day, application_id, charge_micros)
SELECT contract_id, day, application_id, sum(charge_micros)::bigint
  FROM (SELECT id AS contract_id FROM partner_contracts) AS contracts
 CROSS JOIN LATERAL contract_days_after(contract_id, %(seen_through)s) AS found
  JOIN listed_jobs ON listed_jobs.job_id = found.job_id
 GROUP BY contract_id, day, application_id
    ON CONFLICT (partner_contract_id, day, application_id) DO UPDATE
   SET charge_micros = excluded.charge_micros
 WHERE kept.charge_micros <> excluded.charge_micros

-- name: list_contract_days
-- The days of a partner's contracts, or of those that an application's jobs are on.
SELECT partner_contract_id AS contract_id, currency, day, sum(charge_micros)::bigint AS charge_micros
  FROM partner_contracts
  JOIN listed_contract_days ON partner_contract_id = id
 WHERE partner_id = %(partner_id)s
   AND day >= %(first)s
   AND (%(application_id)s::bigint IS NULL OR application_id = %(application_id)s)
 GROUP BY partner_contract_id, currency, day
 ORDER BY partner_contract_id, day

-- name: list_estimates
-- Of all partners: what was charged on days that are not final, as it was counted last.
SELECT currency, day, sum(charge_micros)::bigint AS charge_micros
  FROM partner_contracts
  JOIN listed_contract_days ON partner_contract_id = id
 WHERE day > (SELECT kept_through FROM job_month_keeping)
 GROUP BY currency, day
 ORDER BY day, currency

-- name: read_final_day
SELECT kept_through
  FROM job_month_keeping

-- name: delete_uncounted
DELETE FROM uncounted_jobs

-- name: end_count
UPDATE listed_job_counts
   SET counted_at = %(now)s,
       seen_through = counting_through,
       counting_through = NULL,
       reached_job = NULL

-- name: read_counted_at
SELECT counted_at
  FROM listed_job_counts

-- name: list_by_number
-- A scan of the partner's copies: an index for each order would be written with each figure. The sign turns
-- the order round, also to read the page before a job.
SELECT {shown}
  FROM (SELECT {page}, {number_key} AS number_key
          FROM listed_jobs
         WHERE {is_wanted}
           AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
           AND (%(after_job)s::bigint IS NULL
                OR ({number_key}, %(sign)s * job_id)
                   > (%(sign)s * %(after_number)s::bigint, %(sign)s * %(after_job)s::bigint))
         ORDER BY number_key, %(sign)s * job_id
         LIMIT %(rows_max)s) AS listed
 {with_texts}
 ORDER BY number_key, %(sign)s * listed.job_id

-- name: list_by_title
SELECT {shown}
  FROM (SELECT {page}
          FROM listed_jobs
         WHERE {is_wanted}
           AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
           AND (%(after_job)s::bigint IS NULL
                OR (title_key, job_id) > (%(after_title)s, %(after_job)s::bigint))
         ORDER BY title_key, job_id
         LIMIT %(rows_max)s) AS listed
 {with_texts}
 ORDER BY title_key, listed.job_id

-- name: list_by_title_backwards
SELECT {shown}
  FROM (SELECT {page}
          FROM listed_jobs
         WHERE {is_wanted}
           AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
           AND (%(after_job)s::bigint IS NULL
                OR (title_key, job_id) < (%(after_title)s, %(after_job)s::bigint))
         ORDER BY title_key DESC, job_id DESC
         LIMIT %(rows_max)s) AS listed
 {with_texts}
 ORDER BY title_key DESC, listed.job_id DESC

-- name: list_newest
-- Of all partners, by the key; a partner's own are few beside them, so the plan is made for the values.
SELECT {shown}
  FROM (SELECT {page}
          FROM listed_jobs
         WHERE job_id < %(before)s
           AND {is_found}
           AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
         ORDER BY job_id DESC
         LIMIT %(rows_max)s) AS listed
 {with_texts}
 ORDER BY listed.job_id DESC

-- name: has_older_job
-- Whether a partner has one posted before a moment: ends at the first one, which most partners have at once.
SELECT EXISTS (SELECT
                 FROM listed_jobs
                WHERE partner_id = %(partner_id)s
                  AND posted_ms < %(before_ms)s)

-- name: count_all_states
SELECT state, count(*) AS jobs
  FROM listed_jobs
 WHERE {is_found}
 GROUP BY state

-- name: count_states
-- The jobs in each state, whichever states are wanted, and how many of them are before the first job of a
-- page.
SELECT state, count(*) AS jobs,
       count(*) FILTER (
           WHERE %(first_job)s::bigint IS NOT NULL
             AND CASE WHEN %(order)s <> 'TITLE' THEN (number_key, %(sign)s * job_id)
                           < (%(sign)s * %(first_number)s::bigint, %(sign)s * %(first_job)s::bigint)
                      WHEN %(sign)s > 0 THEN (title_key, job_id) < (%(first_title)s, %(first_job)s::bigint)
                      ELSE (title_key, job_id) > (%(first_title)s, %(first_job)s::bigint)
                  END) AS jobs_before
  FROM listed_jobs
 CROSS JOIN LATERAL (SELECT {number_key} AS number_key) AS ordered
 WHERE {is_wanted}
 GROUP BY state
