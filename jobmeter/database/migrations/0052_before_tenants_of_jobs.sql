-- Apply before the code. The second wall around jobs, events, postings and invoices: a table is closed until the migration ends,
-- so these are apart from the others.

-- jobs ---------------------------------------------------------------------------------------------------------
SELECT keep_tenants_apart('job_postings',
    'application_id = tenant_application()'
    ' OR EXISTS (SELECT FROM tenant_customers AS customer WHERE customer.id = {table}.application_id)');

SELECT keep_tenants_apart(guarded,
    'EXISTS (SELECT FROM tenant_jobs AS job WHERE job.shard = {table}.shard AND job.job_id = {table}.job_id)')
  FROM unnest('{job_budgets, job_days, job_day_restatements, job_posting_versions, job_months, job_day_refusals,
                event_reversals, events, delivery_changes}'::regclass[]) AS guarded;

SELECT keep_tenants_apart('refused_events',
    'EXISTS (SELECT FROM tenant_jobs AS job WHERE job.shard = shard_of({table}.job_id) AND job.job_id = {table}.job_id)');

SELECT keep_tenants_apart(guarded, 'EXISTS (SELECT FROM job_feeds AS feed WHERE feed.id = {table}.feed_id)')
  FROM unnest('{feed_jobs, feed_runs, feed_errors}'::regclass[]) AS guarded;

SELECT keep_tenants_apart('budget_alerts',
    'CASE scope WHEN ''JOB'''
    ' THEN EXISTS (SELECT FROM tenant_jobs AS job WHERE job.shard = shard_of(owner_id) AND job.job_id = owner_id)'
    ' ELSE EXISTS (SELECT FROM tenant_contracts AS contract WHERE contract.id = owner_id) END');

-- ledger -------------------------------------------------------------------------------------------------------
-- The numbers are those of AccountKind: 2 and 4 belong to a partner contract, 5 and 7 to 9 to a hiring contract, 10 to 13 to a
-- billing account. Every posting but a charge has one of them on one side.
SELECT keep_tenants_apart('ledger_balances',
    'CASE WHEN kind IN (2, 4) THEN EXISTS (SELECT FROM tenant_contracts AS contract WHERE contract.id = owner_id)'
    ' ELSE EXISTS (SELECT FROM hiring_contracts AS contract WHERE contract.id = owner_id) END');

SELECT keep_tenants_apart('charge_postings',
    'EXISTS (SELECT FROM tenant_jobs AS job WHERE job.shard = {table}.shard AND job.job_id = {table}.source_id)');

SELECT keep_tenants_apart(guarded,
    'EXISTS (SELECT FROM tenant_contracts AS contract'
    ' WHERE contract.id IN (CASE WHEN source_kind IN (2, 4) THEN source_id END,'
    ' CASE WHEN destination_kind IN (2, 4) THEN destination_id END))'
    ' OR EXISTS (SELECT FROM hiring_contracts AS contract'
    ' WHERE contract.id IN (CASE WHEN source_kind IN (5, 7, 8, 9) THEN source_id END,'
    ' CASE WHEN destination_kind IN (5, 7, 8, 9) THEN destination_id END))'
    ' OR EXISTS (SELECT FROM billing_accounts AS account'
    ' WHERE account.id IN (CASE WHEN source_kind BETWEEN 10 AND 13 THEN source_id END,'
    ' CASE WHEN destination_kind BETWEEN 10 AND 13 THEN destination_id END))')
  FROM unnest('{ledger_bookings, ledger_postings}'::regclass[]) AS guarded;

-- billing ------------------------------------------------------------------------------------------------------
SELECT keep_tenants_apart(guarded,
    'EXISTS (SELECT FROM billing_accounts AS account WHERE account.id = {table}.account_id)')
  FROM unnest('{billing_profiles, billing_agreements, billing_tax_rates, billing_cuts, billing_holds, billing_documents,
                billing_payments}'::regclass[]) AS guarded;

-- A customer sees the lines of its own jobs, the partner all of its documents.
SELECT keep_tenants_apart('billing_lines',
    'application_id = tenant_application() OR (tenant_application() = tenant_partner() AND EXISTS ('
    'SELECT FROM billing_documents AS document WHERE document.id = {table}.document_id))');

SELECT keep_tenants_apart(guarded,
    'EXISTS (SELECT FROM billing_documents AS document WHERE document.id = {table}.document_id)')
  FROM unnest('{billing_taxes, billing_files, billing_file_tasks, billing_mails, billing_allocations,
                billing_reminders}'::regclass[]) AS guarded;

SELECT keep_tenants_apart('billing_provider_events',
    'EXISTS (SELECT FROM billing_payments AS payment WHERE payment.id = {table}.payment_id)');

-- views --------------------------------------------------------------------------------------------------------
-- A view is read with the rights of who reads it, not of who made it.
ALTER VIEW all_job_days SET (security_invoker = true);
ALTER VIEW apply_targets SET (security_invoker = true);
ALTER VIEW billable_bookings SET (security_invoker = true);
ALTER VIEW billed_lines SET (security_invoker = true);
ALTER VIEW billing_balances SET (security_invoker = true);
ALTER VIEW billing_credits SET (security_invoker = true);
ALTER VIEW billing_next_months SET (security_invoker = true);
ALTER VIEW billing_open_invoices SET (security_invoker = true);
ALTER VIEW billing_rate_spans SET (security_invoker = true);
ALTER VIEW billing_spans SET (security_invoker = true);
ALTER VIEW charges SET (security_invoker = true);
ALTER VIEW event_partitions SET (security_invoker = true);
ALTER VIEW happenings SET (security_invoker = true);
ALTER VIEW job_day_sums SET (security_invoker = true);
ALTER VIEW jobs_to_list SET (security_invoker = true);
