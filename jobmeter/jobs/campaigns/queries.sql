-- columns: campaign
shard, id, application_id, partner_job_campaign, partner_contract_id, name, status, starts_at, ends_at,
created_at, changed_at, ended_at, coalesce(posted_contract_id, partner_contract_id) AS posted_contract_id

-- name: next_campaign_id
SELECT nextval('campaign_ids')

-- name: insert_campaign
INSERT INTO job_campaigns (
    shard, id, application_id, partner_job_campaign, partner_contract_id, name, status, starts_at, ends_at,
    created_at, changed_at, ended_at, posted_contract_id
)
VALUES (
    %(shard)s, %(id)s, %(application_id)s, %(partner_job_campaign)s, %(partner_contract_id)s, %(name)s,
    %(status)s, %(starts_at)s, %(ends_at)s, %(created_at)s, %(changed_at)s, %(ended_at)s,
    %(posted_contract_id)s
)
    ON CONFLICT DO NOTHING
RETURNING id

-- name: find_campaign
SELECT {campaign}
  FROM job_campaigns
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND id = %(campaign_id)s

-- name: find_partner_campaign
SELECT {campaign}
  FROM job_campaigns
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND partner_job_campaign = %(partner_job_campaign)s

-- name: share_lock_partner_campaign
-- Locks the status until this transaction ends: a pause either sees a job that is joining, or the job sees
-- the pause.
SELECT {campaign}
  FROM job_campaigns
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND partner_job_campaign = %(partner_job_campaign)s
   FOR SHARE

-- name: lock_campaign
SELECT {campaign}
  FROM job_campaigns
 WHERE shard = %(shard)s
   AND application_id = %(application_id)s
   AND id = %(campaign_id)s
   FOR UPDATE

-- name: list_campaigns
SELECT {campaign}
  FROM job_campaigns
 WHERE shard = %(shard)s
   AND id = ANY(%(campaign_ids)s)

-- name: update_campaign
UPDATE job_campaigns
   SET name = %(name)s,
       status = %(status)s,
       starts_at = %(starts_at)s,
       ends_at = %(ends_at)s,
       changed_at = %(changed_at)s,
       ended_at = %(ended_at)s
 WHERE shard = %(shard)s
   AND id = %(id)s

-- name: claim_due_campaigns
-- End times before start times: a campaign that is past both only ends.
SELECT {campaign}
  FROM lock_due_campaigns(%(now)s, %(rows_max)s)

-- name: list_ending_campaigns
SELECT {campaign}
  FROM job_campaigns
 WHERE ended_at IS NOT NULL
   AND NOT jobs_ended
 ORDER BY ended_at, id
 LIMIT %(rows_max)s

-- name: set_jobs_ended
UPDATE job_campaigns
   SET jobs_ended = true
 WHERE shard = %(shard)s
   AND id = %(campaign_id)s

-- name: list_member_jobs
-- Those whose events count with the campaign: jobs that are not for the public never do.
SELECT job_id
  FROM job_postings
 WHERE shard = %(shard)s
   AND campaign_id = %(campaign_id)s
   AND state = 'LIVE'
   AND coalesce(content ->> 'availability', 'PUBLIC') = 'PUBLIC'
 ORDER BY job_id

-- name: next_campaign_due
SELECT min(due_at)
  FROM (SELECT min(starts_at) AS due_at
          FROM job_campaigns
         WHERE status = 'DRAFT'
         UNION ALL
        SELECT min(ends_at)
          FROM job_campaigns
         WHERE status IN ('DRAFT', 'ACTIVE', 'PAUSED')) AS dues
