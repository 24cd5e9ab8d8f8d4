-- name: find_job
SELECT job_id, title, coalesce(owner.parent_id, owner.id) AS partner_id
  FROM job_postings AS posting
  JOIN applications AS owner ON owner.id = application_id
 WHERE posting.shard = shard_of(%(job_id)s)
   AND job_id = %(job_id)s

-- name: find_invoices
-- Numbers are compared as they are written, in any case; documents are few beside jobs.
SELECT documents.id AS document_id, billing_number(series, sequence) AS number, partner_id
  FROM billing_documents AS documents
  JOIN billing_accounts ON billing_accounts.id = account_id
 WHERE lower(billing_number(series, sequence)) = lower(%(number)s)
 ORDER BY documents.id
 LIMIT %(rows_max)s
