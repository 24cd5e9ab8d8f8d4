-- name: vary_jobs
-- Texts of usual length, and each state that a job may have.
UPDATE job_postings
   SET title = (ARRAY['Hafenlotse', 'Kranführer', 'Welder', 'Fitter', 'Cook'])[1 + job_id / 256 % 5]
               || ' (m/f/d), '
               || CASE WHEN job_id / 256 % 50 = 0 THEN 'Nachtschicht' ELSE 'full time' END,
       company_name = 'Harbour Logistics ' || application_id,
       company_job_code = 'HL-2026-' || job_id / 256,
       content = jsonb_build_object('description', repeat(md5(job_id::text), 45)),
       state = CASE WHEN job_id / 256 % 4 = 0 THEN 'CLOSED' ELSE 'LIVE' END

-- name: spend_budgets
UPDATE job_budgets
   SET spent_micros = job_id / 256 % 5000 * 1000000

-- name: analyze_lists
VACUUM ANALYZE listed_jobs

-- name: find_middle
SELECT spent_micros, job_id
  FROM listed_jobs
 ORDER BY spent_micros DESC, job_id DESC
OFFSET %(row)s
 LIMIT 1
