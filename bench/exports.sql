-- name: copy_job_days
-- The same rows and columns as the export has, without its cursor, in the same order.
COPY (
    SELECT 'urn:li:developerApplication:' || application_id, 'urn:li:contract:' || job.partner_contract_id,
           external_id, 'urn:li:jobPosting:' || job_id, title, company_name, company_page, apply_url,
           partner_job_campaign, closed_at, day, views, apply_clicks,
           (charge_micros / 1000000::numeric)::numeric(20, 2), currency, day IN (SELECT day FROM settled_days)
      FROM job_postings AS job
      JOIN job_budgets USING (shard, job_id)
      JOIN job_days USING (shard, job_id)
     ORDER BY job_id, day
) TO STDOUT (FORMAT csv)
