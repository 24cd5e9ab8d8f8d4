-- Apply before the code. A second wall between tenants: what is not the caller's is invisible to its sessions, whatever a
-- statement asks. The role that owns the tables sees everything, as before: the hot path, the chores and an older server.

-- who asks -----------------------------------------------------------------------------------------------------
-- A session that serves a tenant names its application and that of its partner, which are the same for a partner's own calls.
-- Without a name nothing is visible.

CREATE FUNCTION tenant_application() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('jobmeter.application', true), '')::bigint
$$;

CREATE FUNCTION tenant_partner() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('jobmeter.partner', true), '')::bigint
$$;

-- What policies look up is read by views with the rights of the tables' owner: a look-up that is subject to policies itself
-- would plan and run theirs for each row.

-- The customers of a partner that calls with its own application.
CREATE VIEW tenant_customers AS
SELECT id
  FROM applications
 WHERE parent_id = tenant_partner()
   AND tenant_application() = tenant_partner();

-- The caller's jobs: its own, and those of its customers.
CREATE VIEW tenant_jobs AS
SELECT job.shard, job.job_id
  FROM job_postings AS job
 WHERE job.application_id = tenant_application()
    OR EXISTS (SELECT FROM tenant_customers AS customer WHERE customer.id = job.application_id);

CREATE VIEW tenant_contracts AS
SELECT id
  FROM partner_contracts
 WHERE partner_id = tenant_partner();

-- {table} in the condition is the table's own name. A row that is added is not compared: a customer's job adds notices for
-- its partner, and a statement that adds rows has no condition that could be missing.
CREATE FUNCTION keep_tenants_apart(guarded regclass, is_visible text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY tenants ON %s USING (%s) WITH CHECK (true)', guarded,
                   replace(is_visible, '{table}', guarded::text));
END $$;

-- the role -----------------------------------------------------------------------------------------------------
-- Tenants' sessions change to this role. Roles belong to the server, not to the database: it is made, and given what tables
-- were added, whenever a process opens the database. Returns what an administrator of the server has to do, or ''.
CREATE FUNCTION prepare_tenant_role() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    may_become CONSTANT text := CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
    missing CONSTANT text := format('GRANT jobmeter_tenant TO %I;', current_user);
    kept record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jobmeter_tenant') THEN
        BEGIN
            CREATE ROLE jobmeter_tenant NOLOGIN;
            GRANT jobmeter_tenant TO CURRENT_USER;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this server made it meanwhile
            WHEN insufficient_privilege THEN RETURN 'CREATE ROLE jobmeter_tenant NOLOGIN; ' || missing;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'jobmeter_tenant', may_become) THEN
        BEGIN
            GRANT jobmeter_tenant TO CURRENT_USER;
        EXCEPTION
            WHEN insufficient_privilege THEN RETURN missing;
        END;
        IF NOT pg_has_role(current_user, 'jobmeter_tenant', may_become) THEN
            RETURN missing;
        END IF;
    END IF;
    FOR kept IN
        SELECT oid::regclass AS name, relkind = 'S' AS is_sequence
          FROM pg_class
         WHERE relnamespace = 'public'::regnamespace
           AND relkind IN ('r', 'p', 'v', 'S')
           AND (NOT relispartition OR relrowsecurity)
           AND relname NOT IN ('operator_keys', 'operator_key_secrets', 'schema_migrations', 'visitor_salts')
           AND relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
           AND NOT CASE WHEN relkind = 'S' THEN has_sequence_privilege('jobmeter_tenant', oid, 'USAGE')
                        ELSE has_table_privilege('jobmeter_tenant', oid, 'SELECT') END
         ORDER BY oid
    LOOP
        IF kept.is_sequence THEN
            EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %s TO jobmeter_tenant', kept.name);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO jobmeter_tenant', kept.name);
        END IF;
    END LOOP;
    RETURN '';
EXCEPTION
    WHEN serialization_failure OR deadlock_detected OR internal_error THEN RETURN ''; -- another process grants the same
END $$;

-- partners -----------------------------------------------------------------------------------------------------
-- A customer of the partner sees the partner's own row besides its own, but no other customer's.

SELECT keep_tenants_apart('applications',
    'id = tenant_application() OR id = tenant_partner()'
    ' OR (parent_id = tenant_partner() AND tenant_application() = tenant_partner())');

-- What an application owns: its own; with the partner's own application also what its customers own.
SELECT keep_tenants_apart(guarded,
    'application_id = tenant_application()'
    ' OR EXISTS (SELECT FROM tenant_customers AS customer WHERE customer.id = {table}.application_id)')
  FROM unnest('{application_secrets, access_tokens, signing_secrets, signature_nonces, call_counters, customer_contracts,
                hiring_grants, excluded_visitors, job_feeds, job_tasks, job_campaigns, job_changes, job_standings,
                listed_contract_days}'::regclass[]) AS guarded;

-- A partner's list goes through all of its jobs: each row is compared without a look at another table.
SELECT keep_tenants_apart('listed_jobs',
    'partner_id = tenant_partner() AND tenant_application() IN (application_id, tenant_partner())');

-- The partner's contracts are those that its customers post on; its invoices and its audit log are its own.
SELECT keep_tenants_apart('partner_contracts', 'partner_id = tenant_partner()');

SELECT keep_tenants_apart(guarded, 'partner_id = tenant_partner() AND tenant_application() = tenant_partner()')
  FROM unnest('{billing_accounts, customer_refunds, audit_records}'::regclass[]) AS guarded;

SELECT keep_tenants_apart('logged_requests',
    'partner_id = tenant_partner() AND tenant_application() IN (application_id, tenant_partner())');

-- notifications ------------------------------------------------------------------------------------------------
-- What happens to a customer's job is announced to its partner as well.
SELECT keep_tenants_apart('notice_endpoints',
    'EXISTS (SELECT FROM applications AS owner WHERE owner.id = {table}.application_id)');

SELECT keep_tenants_apart(guarded,
    'EXISTS (SELECT FROM notice_endpoints AS endpoint WHERE endpoint.id = {table}.endpoint_id)')
  FROM unnest('{notices, notice_secrets, notice_cursors}'::regclass[]) AS guarded;

-- contracts ----------------------------------------------------------------------------------------------------
-- Whether a contract for slots or credits was used by the caller, also one that it is no longer granted. Reads with the rights
-- of the tables' owner, because the uses that are visible depend on the contract.
CREATE FUNCTION is_used_by_tenant(used_contract bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT
                     FROM credit_uses
                     JOIN applications AS owner ON owner.id = application_id
                    WHERE contract_id = used_contract
                      AND (owner.id = tenant_application()
                           OR (owner.parent_id = tenant_partner() AND tenant_application() = tenant_partner())))
$$;

SELECT keep_tenants_apart('hiring_contracts',
    'EXISTS (SELECT FROM applications AS owner WHERE owner.id = {table}.owner_application_id)'
    ' OR EXISTS (SELECT FROM hiring_grants AS granted WHERE granted.contract_id = {table}.id)'
    ' OR is_used_by_tenant(id)');

SELECT keep_tenants_apart('hiring_prices',
    'EXISTS (SELECT FROM hiring_contracts AS contract WHERE contract.id = {table}.contract_id)');

-- The owner of a contract sees who used its credits.
SELECT keep_tenants_apart('credit_uses',
    'application_id = tenant_application()'
    ' OR EXISTS (SELECT FROM tenant_customers AS customer WHERE customer.id = {table}.application_id)'
    ' OR EXISTS (SELECT FROM hiring_contracts AS contract'
    ' JOIN applications AS owner ON owner.id = contract.owner_application_id WHERE contract.id = {table}.contract_id)');

SELECT keep_tenants_apart('person_grants',
    'partner_id = tenant_partner()'
    ' OR EXISTS (SELECT FROM applications AS owner WHERE owner.id = {table}.application_id)'
    ' OR EXISTS (SELECT FROM hiring_contracts AS contract WHERE contract.id = {table}.hiring_contract_id)');

SELECT keep_tenants_apart(guarded,
    'EXISTS (SELECT FROM tenant_contracts AS contract WHERE contract.id = {table}.partner_contract_id)')
  FROM unnest('{click_prices, contract_days}'::regclass[]) AS guarded;

SELECT keep_tenants_apart(guarded,
    'EXISTS (SELECT FROM tenant_contracts AS contract WHERE contract.id = {table}.contract_id)')
  FROM unnest('{contract_spends, filter_policies, recent_clicks}'::regclass[]) AS guarded;
