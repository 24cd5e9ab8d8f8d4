-- Each statement checks one law and returns how many rows it checked, how many break the law, and one of
-- those in words. A condition that is null counts as broken.

-- name: check_job_rows
-- A posting and its budget are one job, in the shard of its id; its application is in that shard, and belongs
-- to the partner whose contract pays.
WITH looked AS (
    SELECT job_id,
           postings.shard = shard_of(job_id)
           AND budgets.shard = shard_of(job_id)
           AND owner.owner_shard = postings.shard
           AND (postings.partner_contract_id IS NULL OR partner_id = owner.partner_owner_id) AS holds
      FROM job_postings AS postings
      FULL JOIN job_budgets AS budgets USING (shard, job_id)
      LEFT JOIN (SELECT id AS owner_id, shard AS owner_shard, coalesce(parent_id, id) AS partner_owner_id
                   FROM applications) AS owner
        ON owner_id = application_id
      LEFT JOIN (SELECT id AS paying_id, partner_id FROM partner_contracts) AS paying
        ON paying_id = postings.partner_contract_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s: its posting, budget, application and contract do not belong together', job_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_applications
-- An application is in the shard of its id. A customer's contract is one of its partner's.
WITH looked AS (
    SELECT applications.id,
           applications.shard = shard_of(applications.id)
           AND (customer_contracts.id IS NULL OR partner_id = parent_id) AS holds
      FROM applications
      LEFT JOIN customer_contracts ON application_id = applications.id
      LEFT JOIN partner_contracts ON partner_contracts.id = partner_contract_id
     UNION ALL
    SELECT application_id, applications.id IS NOT NULL AND partner_contracts.id IS NOT NULL
      FROM customer_contracts
      LEFT JOIN applications ON applications.id = application_id
      LEFT JOIN partner_contracts ON partner_contracts.id = partner_contract_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('application %s: its shard, parent or contract is not its own', id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_payers
-- A job that is paid per click is on a contract that its application set up, which is the one its element
-- names. A job of the XML API is on the hiring contract that its document names.
WITH looked AS (
    SELECT job_id,
           customer_contracts.id IS NOT NULL
           AND coalesce(substring(content ->> 'contract' FROM '[0-9]{1,18}$')::bigint
                        IN (customer_contracts.id, job_postings.partner_contract_id), true) AS holds
      FROM job_postings
      LEFT JOIN customer_contracts USING (application_id, partner_contract_id)
     WHERE partner_contract_id IS NOT NULL
     UNION ALL
    SELECT job_id, (content ->> 'contract_id')::bigint IN (hiring_contracts.id, sandbox_number)
      FROM job_postings
      LEFT JOIN hiring_contracts ON hiring_contracts.id = hiring_contract_id
     WHERE channel = 'XML'
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s is on a contract that its application did not name', job_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_states
-- A job is open, or it ended: then all that it did not spend is back, and its window ended with it, or
-- earlier with its run or service term. A job that expired did so at its expiry or with its campaign; one
-- that failed says why.
WITH looked AS (
    SELECT job_id, state,
           (state IN ('PENDING', 'LIVE')) = (closed_at IS NULL)
           AND (state = 'FAILED') = (failure IS NOT NULL)
           AND (closed_at IS NULL OR budget_micros = spent_micros + released_micros)
           AND (closed_at IS NULL
                OR live_until_ms = least(floor(extract(epoch FROM closed_at) * 1000), greatest(live_until_ms,
                       floor(extract(epoch FROM least(expires_at, term_ends_at)) * 1000))))
           AND (state <> 'EXPIRED' OR closed_at = expires_at OR closed_at = ended_at) AS holds
      FROM job_postings
      JOIN job_budgets USING (shard, job_id)
      LEFT JOIN partner_contracts ON partner_contracts.id = job_postings.partner_contract_id
      LEFT JOIN (SELECT shard, id, ended_at FROM job_campaigns) AS campaigns
        ON campaigns.shard = job_postings.shard
       AND campaigns.id = campaign_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s is %s, and its times, money or window are not', job_id, state))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_endings
-- What ended a job is recorded, at the time when it ended: a CLOSE of its partner, the end of its campaign,
-- its absence from its feed, or the task that failed. An open job was not closed. A closing after a job's
-- end leaves the time of the end.
WITH asked AS (
    SELECT job_id, min(created_at) AS asked_at
      FROM job_tasks
     WHERE operation = 'CLOSE' AND job_id IS NOT NULL
     GROUP BY job_id
     UNION ALL
    SELECT job_id, min(made_at)
      FROM job_changes
     WHERE kind = 'CLOSE'
     GROUP BY job_id
), failed AS (
    SELECT job_id, min(finished_at) AS failed_at
      FROM job_tasks
     WHERE operation = 'CREATE' AND status = 'FAILED'
     GROUP BY job_id
), looked AS (
    SELECT job_id, state,
           CASE WHEN state = 'FAILED' THEN coalesce(closed_at = failed_at, true)
                WHEN channel = 'FEED' THEN (state = 'CLOSED') = (feed_id IS NULL)
                ELSE ((state = 'CLOSED') = (asked.job_id IS NOT NULL OR coalesce(status = 'CLOSED', false))
                      OR (status = 'CLOSED' AND NOT jobs_ended))
                     AND coalesce(closed_at IN (asked_at, expires_at, ended_at),
                                  closed_at IS NULL OR asked_at IS NULL)
           END AS holds
      FROM job_postings
      LEFT JOIN asked USING (job_id)
      LEFT JOIN failed USING (job_id)
      LEFT JOIN feed_jobs USING (job_id)
      LEFT JOIN job_campaigns
        ON job_campaigns.shard = job_postings.shard
       AND job_campaigns.id = campaign_id
     WHERE state <> 'EXPIRED'
        OR channel <> 'P4P'
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s is %s, which nothing recorded explains', job_id, state))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_windows
-- A live job's window ends with its run or with the service term of its contract; it is closed while its
-- campaign does not run, or it is not for the public. Without a campaign it opens when the job was published,
-- or was made public again by an update.
WITH published AS (
    SELECT job_id, bool_or(operation = 'CREATE') AS is_known,
           array_agg(floor(extract(epoch FROM finished_at) * 1000)) AS opened_ms
      FROM job_tasks
     WHERE operation IN ('CREATE', 'UPDATE')
       AND status = 'SUCCEEDED'
     GROUP BY job_id
), looked AS (
    SELECT job_id,
           live_until_ms = floor(extract(epoch FROM least(expires_at, term_ends_at)) * 1000)
           AND CASE WHEN state = 'PENDING' OR coalesce(status <> 'ACTIVE', false) OR is_private
                    THEN live_from_ms >= live_until_ms
                    ELSE live_from_ms < live_until_ms OR expires_at > term_ends_at
               END
           AND (state = 'PENDING' OR is_private OR partner_job_campaign IS NOT NULL
                OR CASE WHEN channel <> 'P4P'
                        THEN live_from_ms = floor(extract(epoch FROM job_postings.created_at) * 1000)
                        ELSE is_known IS NOT TRUE OR live_from_ms = ANY (opened_ms) END) AS holds
      FROM (SELECT job_id, shard, state, channel, expires_at, created_at, partner_contract_id,
                   partner_job_campaign, campaign_id,
                   coalesce(content ->> 'availability', 'PUBLIC') <> 'PUBLIC' AS is_private
              FROM job_postings
             WHERE state IN ('PENDING', 'LIVE')) AS job_postings
      JOIN job_budgets USING (job_id)
      LEFT JOIN published USING (job_id)
      LEFT JOIN partner_contracts ON partner_contracts.id = job_postings.partner_contract_id
      LEFT JOIN (SELECT shard, id, status, partner_job_campaign AS name FROM job_campaigns) AS campaigns
        ON campaigns.shard = job_postings.shard
       AND campaigns.id = campaign_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s counts events at other times than it runs', job_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_elements
-- What reports and redirects read of a job is in the element, document or feed entry that it came from; a
-- text may have lost the white space around it.
WITH looked AS (
    SELECT job_id,
           (channel = 'P4P' OR title = coalesce(content ->> 'title', '')
                           AND apply_url = coalesce(content ->> 'application_url', '')
                           AND company_name = coalesce(content ->> 'company_name', '')
                           AND location = coalesce(nullif(content ->> 'location_name', ''),
                                                   nullif(content ->> 'postal_code', ''),
                                                   upper(content ->> 'country_code'), ''))
           AND coalesce(position(title IN content ->> 'title') > 0, true)
           AND coalesce(position(external_id
                                 IN coalesce(content ->> 'externalJobPostingId', content ->> 'partner_job_id',
                                             feed_jobs.partner_job_id)) > 0, true)
           AND coalesce(position(apply_url IN content ->> 'companyApplyUrl') > 0, true)
           AND coalesce(position(company_name
                                 IN coalesce(nullif(content ->> 'companyName', ''),
                                             content ->> 'companyPageUrl', content ->> 'company')) > 0, true)
           AND coalesce(position(location IN content ->> 'location') > 0, true) AS holds
      FROM job_postings
      LEFT JOIN feed_jobs USING (job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s differs from its element', job_id)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_channels
-- What only the jobs of one API have is that of their element: codes, pages, posters, campaigns, and the
-- time of the listing, which an UPDATE leaves.
WITH updated AS (
    SELECT DISTINCT job_id
      FROM job_tasks
     WHERE operation = 'UPDATE'
), looked AS (
    SELECT job_id,
           CASE channel
               WHEN 'P4P'
               THEN poster_email = lower(coalesce(content ->> 'posterEmail', ''))
                AND (content = '{}'
                     OR company_page IS NOT DISTINCT FROM content ->> 'companyPageUrl'
                    AND company_job_code IS NOT DISTINCT FROM content ->> 'companyJobCode'
                    AND content ? 'externalJobPostingId')
                AND coalesce(campaign_id IS NOT NULL OR state = 'PENDING' OR partner_job_campaign IS NULL
                             OR position(partner_job_campaign IN content ->> 'partnerJobCampaignId') > 0,
                             false)
                AND coalesce(updated.job_id IS NOT NULL
                             OR (content ->> 'listedAt')::numeric = extract(epoch FROM listed_at) * 1000,
                             true)
               WHEN 'XML'
               THEN listed_at = created_at AND company_page IS NULL
                AND company_job_code IS NOT DISTINCT FROM content ->> 'customer_job_code'
                AND poster_email = lower(coalesce(content ->> 'poster_email', default_poster_email, ''))
               ELSE listed_at = created_at AND company_page IS NULL
                AND poster_email = lower(coalesce(content ->> 'poster_email', ''))
                AND NOT content ? 'externalJobPostingId'
           END AS holds
      FROM job_postings
      LEFT JOIN updated USING (job_id)
      LEFT JOIN (SELECT id, CASE kind WHEN 'SLOTS' THEN default_poster_email END AS default_poster_email
                   FROM hiring_contracts) AS hiring ON hiring.id = hiring_contract_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s has what its element does not have', job_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_limits
-- A daily budget pays for a click and is within the total; that of a job which was neither upgraded nor
-- downgraded is the one that its element names. A job was downgraded by its partner, and then has nothing
-- left.
-- Whether it still is says the last of its changes, unless that is an UPDATE, which leaves it.
WITH decided AS (
    SELECT job_id, (array_agg(operation ORDER BY number DESC))[1] AS last_change
      FROM job_tasks
     WHERE operation IN ('UPDATE', 'UPGRADE', 'DOWNGRADE') AND verdict IS NULL AND job_id IS NOT NULL
     GROUP BY job_id
    HAVING bool_or(operation <> 'UPDATE')
), looked AS (
    SELECT job_id, budget_micros - lowered_micros AS limit_micros, daily_micros,
           (daily_micros = 0 OR is_downgraded
            OR daily_micros BETWEEN click_price_micros AND budget_micros - lowered_micros)
           AND (NOT is_downgraded OR decided.job_id IS NOT NULL
                                     AND budget_micros = spent_micros + released_micros)
           AND CASE last_change WHEN 'DOWNGRADE' THEN is_downgraded OR job_budgets.partner_contract_id = 0
                                WHEN 'UPGRADE' THEN NOT is_downgraded ELSE true END
           AND (decided.job_id IS NOT NULL
                OR job_budgets.partner_contract_id = 0
                OR total IS NULL
                OR coalesce(daily, 0) = daily_micros)
           AND (job_budgets.partner_contract_id <> 0 OR NOT is_paced AND click_price_micros = 0) AS holds
      FROM job_budgets
      LEFT JOIN (SELECT job_id,
                        (content #>> '{budget,payForPerformanceTotalBudget,amount}')::numeric * 1000000
                            AS total,
                        (content #>> '{budget,payForPerformanceDailyBudget,amount}')::numeric * 1000000
                            AS daily
                   FROM job_postings
                  WHERE channel = 'P4P') AS elements USING (job_id)
      LEFT JOIN decided USING (job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s has a total budget of %s and a daily one of %s', job_id, limit_micros,
                  daily_micros)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_runs
-- A run on a hiring contract took its unit: a credit each, or a slot that an open job holds and that an ended
-- one gave back to the same contract.
WITH moved (job_id, contract_id, taken, held) AS (
    SELECT destination_id, source_id, 1, amount
      FROM ledger_bookings
     WHERE destination_kind = {AccountKind.SLOT_HELD}
     UNION ALL
    SELECT source_id, destination_id, 0, -amount
      FROM ledger_bookings
     WHERE source_kind = {AccountKind.SLOT_HELD}
     UNION ALL
    SELECT cause, source_id, 1, 0
      FROM ledger_bookings
     WHERE purpose = {Purpose.CONSUME}
), summed AS (
    SELECT job_id, sum(taken) AS taken, sum(held) AS held, sum(held * contract_id) AS held_of,
           max(contract_id) AS contract_id
      FROM moved
     GROUP BY job_id
), looked AS (
    SELECT job_id, run_number, coalesce(taken, 0) AS taken,
           coalesce(held, 0) = (state IN ('PENDING', 'LIVE') AND coalesce(kind = 'SLOTS', false))::integer
           AND coalesce(held_of, 0) = coalesce(held, 0) * coalesce(hiring_contract_id, 0)
           AND CASE WHEN channel <> 'XML' THEN coalesce(taken, 0) IN (run_number, run_number - 1)
                    WHEN kind = 'CREDITS' THEN taken = run_number AND contract_id = hiring_contract_id
                    ELSE taken BETWEEN 1 AND run_number AND contract_id = hiring_contract_id
               END
           AND CASE WHEN channel = 'P4P' AND job_postings.partner_contract_id IS NOT NULL
                    THEN listing_type IN ('BASIC', 'PREMIUM')
                    ELSE listing_type = CASE WHEN hiring_contract_id IS NULL THEN 'BASIC' ELSE 'PREMIUM' END
               END AS holds
      FROM job_postings
      FULL JOIN summed USING (job_id)
      LEFT JOIN hiring_contracts ON hiring_contracts.id = hiring_contract_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s: %s runs, %s units taken', job_id, run_number, taken))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_job_log
-- The log of a job of the XML API begins with its posting, has each renewal and its closing, and ends with
-- what the job has now. It names the job's application.
WITH logged AS (
    SELECT shard, job_id, max(revision) AS revision, max(run_number) AS run_number,
           count(*) FILTER (WHERE kind = 'RENEW') AS renewals,
           count(*) FILTER (WHERE kind = 'CLOSE') AS closings,
           min(made_at) FILTER (WHERE kind = 'POST' AND revision = 0 AND run_number = 1) AS posted_at,
           (array_agg(poster_email ORDER BY revision DESC))[1] AS poster_email,
           CASE WHEN min(application_id) = max(application_id) THEN min(application_id) END AS application_id,
           bool_and(shard = shard_of(job_id) AND actor <> '' AND application_id IS NOT NULL) AS is_whole
      FROM job_changes
     WHERE NOT EXISTS (SELECT FROM job_postings AS posted
                        WHERE posted.shard = job_changes.shard
                          AND posted.job_id = job_changes.job_id
                          AND channel = 'P4P')
     GROUP BY shard, job_id
), looked AS (
    SELECT job_id,
           posted_at = created_at
           AND is_whole
           AND job_postings.application_id = logged.application_id
           AND job_postings.run_number = renewals + 1
           AND job_postings.run_number = logged.run_number
           AND job_postings.revision >= logged.revision
           AND (closings = 0 OR job_postings.revision = logged.revision)
           AND job_postings.poster_email = logged.poster_email AS holds
      FROM (SELECT shard, job_id, application_id, created_at, run_number, revision, poster_email
              FROM job_postings
             WHERE channel = 'XML') AS job_postings
      FULL JOIN logged USING (shard, job_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s is not what its log says', job_id)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_site_log
-- The log of a job posted element by element has the changes that people made on the site, as many as its
-- revision says.
WITH looked AS (
    SELECT job_id,
           count(logged.job_id) = posted.revision
           AND coalesce(max(logged.revision), 0) = posted.revision
           AND coalesce(bool_and(kind <> 'POST'
                                 AND logged.application_id IS NOT DISTINCT FROM posted.application_id
                                 AND logged.run_number <= posted.run_number
                                 AND actor <> ''
                                 AND (kind <> 'CLOSE' OR state = 'CLOSED'))
                            FILTER (WHERE logged.job_id IS NOT NULL), true) AS holds
      FROM job_postings AS posted
      LEFT JOIN job_changes AS logged USING (shard, job_id)
     WHERE channel = 'P4P'
     GROUP BY shard, job_id, posted.revision
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s has other changes than its log', job_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_tasks
-- A task belongs to its job's application and id, and is waiting, done, or failed with the reason that it was
-- given or that its job failed for.
WITH looked AS (
    SELECT task_id,
           applications.shard = job_tasks.shard
           AND (status = 'IN_PROGRESS') = (finished_at IS NULL)
           AND (status IN ('FAILED', 'PROCESSED')) = (error_message IS NOT NULL)
           AND (status = 'PROCESSED')
             = coalesce(starts_with(error_message, 'The jobs of this customer are still taken from '), false)
           AND (status = 'IN_PROGRESS' OR error_message IS NOT DISTINCT FROM coalesce(verdict, failure)
                OR operation <> 'CREATE' AND error_message IS NOT DISTINCT FROM verdict)
           AND operation IN ('CREATE', 'UPDATE', 'RENEW', 'CLOSE', 'UPGRADE', 'DOWNGRADE')
           AND CASE WHEN job_tasks.job_id IS NULL THEN verdict IS NOT NULL
                    ELSE job_postings.application_id = job_tasks.application_id
                     AND job_postings.external_id = job_tasks.external_id
                     AND (operation <> 'CREATE' OR job_tasks.created_at = job_postings.created_at)
               END AS holds
      FROM job_tasks
      LEFT JOIN job_postings USING (shard, job_id)
      LEFT JOIN applications ON applications.id = job_tasks.application_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('task %s does not fit its job or its status', task_id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_versions
-- Each change that was accepted, of the partner or of a person on the site, kept what reports had shown until
-- then, at the same time, once.
WITH changed AS (
    SELECT job_id, job_tasks.created_at AS replaced_at, count(*) AS changes
      FROM job_tasks
      JOIN job_postings USING (shard, job_id)
     WHERE operation IN ('UPDATE', 'UPGRADE', 'DOWNGRADE')
       AND verdict IS NULL
       AND partner_contract_id IS NOT NULL
     GROUP BY job_id, job_tasks.created_at
), edited AS (
    SELECT job_id, made_at AS replaced_at, count(*) AS changes
      FROM job_changes
      JOIN job_postings USING (shard, job_id)
     WHERE kind = 'EDIT'
       AND partner_contract_id IS NOT NULL
     GROUP BY job_id, made_at
), made AS (
    SELECT job_id, replaced_at, coalesce(changed.changes, 0) + coalesce(edited.changes, 0) AS changes
      FROM changed
      FULL JOIN edited USING (job_id, replaced_at)
), kept AS (
    SELECT job_id, replaced_at, count(*) AS versions, bool_and(shard = shard_of(job_id)) AS is_whole
      FROM job_posting_versions
     GROUP BY job_id, replaced_at
), looked AS (
    SELECT job_id, replaced_at, is_whole AND versions BETWEEN 1 AND changes AS holds
      FROM made
      FULL JOIN kept USING (job_id, replaced_at)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s: what reports showed until %s is missing or too much', job_id, replaced_at))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_version_limits
-- A limit that reports showed is what was reserved until then and not returned; clicks that settlement took
-- back from a downgraded job may have lowered it. A job that is changed in the instant in which it was
-- posted, or twice in one instant, has no such sum.
WITH kept AS (
    SELECT job_id, replaced_at, min(limit_micros) AS limit_micros
      FROM job_posting_versions
      JOIN job_postings USING (shard, job_id)
     WHERE replaced_at > created_at
     GROUP BY job_id, replaced_at
    HAVING count(*) = 1
), moved (job_id, at, amount, back) AS (
    SELECT destination_id, booked_at, amount, 0
      FROM ledger_bookings
     WHERE destination_kind = {AccountKind.JOB} AND purpose = {Purpose.RESERVE}
     UNION ALL
    SELECT source_id, booked_at, -amount, 0
      FROM ledger_bookings
     WHERE source_kind = {AccountKind.JOB} AND purpose = {Purpose.RELEASE}
     UNION ALL
    SELECT cause, booked_at, 0, -amount
      FROM ledger_bookings
     WHERE purpose = {Purpose.REVERSE} AND destination_kind = {AccountKind.CONTRACT}
), looked AS (
    SELECT job_id, replaced_at, kept.limit_micros,
           kept.limit_micros - coalesce(sum(amount), 0) IN (0, coalesce(sum(back), 0)) AS holds
      FROM kept
      LEFT JOIN moved USING (job_id)
     WHERE coalesce(at < replaced_at, true)
     GROUP BY job_id, replaced_at, kept.limit_micros
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s: reports showed a limit of %s until %s', job_id, limit_micros, replaced_at))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_campaigns
-- A campaign is on a contract that its application set up; its jobs are its application's, on its contract,
-- and named for it. No job of a campaign whose jobs have ended is live.
WITH looked AS (
    SELECT job_campaigns.id,
           applications.shard = job_campaigns.shard
           AND customer_contracts.id IS NOT NULL
           AND (NOT jobs_ended OR ended_at IS NOT NULL)
           AND changed_at >= job_campaigns.created_at
           AND (ended_at IS NULL OR ended_at IN (ends_at, changed_at)) AS holds
      FROM job_campaigns
      LEFT JOIN applications ON applications.id = application_id
      LEFT JOIN customer_contracts USING (application_id, partner_contract_id)
     UNION ALL
    SELECT campaign_id,
           job_campaigns.application_id = job_postings.application_id
           AND job_campaigns.partner_contract_id = job_postings.partner_contract_id
           AND job_campaigns.partner_job_campaign = job_postings.partner_job_campaign
           AND (state <> 'LIVE' OR NOT jobs_ended)
           AND (state = 'PENDING') = (campaign_id IS NULL)
      FROM job_postings
      LEFT JOIN job_campaigns
        ON job_campaigns.shard = job_postings.shard
       AND job_campaigns.id = campaign_id
     WHERE campaign_id IS NOT NULL
        OR job_postings.partner_job_campaign IS NOT NULL AND state = 'LIVE'
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('campaign %s does not fit its contract, its status or its jobs', id))
           FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked

-- name: check_feed_jobs
-- A feed keeps jobs of its own application live, each under the id that the feed gave it.
WITH looked AS (
    SELECT job_id,
           channel = 'FEED'
           AND state <> 'CLOSED'
           AND external_id = partner_job_id
           AND job_feeds.application_id = job_postings.application_id AS holds
      FROM feed_jobs
      LEFT JOIN job_postings USING (job_id)
      LEFT JOIN job_feeds ON job_feeds.id = feed_id
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('job %s is not the job of its feed', job_id)) FILTER (WHERE holds IS NOT TRUE) AS example
  FROM looked
