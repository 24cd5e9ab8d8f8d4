-- Apply before the code. A narrow copy of each job, which a partner's list searches, orders and counts: of jobs with their
-- texts, 100,000 are more than 100 MB.

-- jobs ---------------------------------------------------------------------------------------------------------
-- Jobs whose copy is out of date. Only ever inserted and removed, by statement and not by row, so that posting a batch
-- writes one more list of numbers. Triggers, because an older server does not write it.

CREATE TABLE listed_job_notes (
    id     bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    job_id bigint NOT NULL
);

CREATE FUNCTION enqueue_listed_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO listed_job_notes (job_id) SELECT job_id FROM changed;
    RETURN NULL;
END $$;

CREATE TRIGGER posted_jobs_are_listed AFTER INSERT ON job_postings
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION enqueue_listed_jobs();
CREATE TRIGGER changed_jobs_are_listed AFTER UPDATE ON job_postings
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION enqueue_listed_jobs();
CREATE TRIGGER observed_jobs_are_listed AFTER INSERT ON job_standings
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION enqueue_listed_jobs();
CREATE TRIGGER promoted_jobs_are_listed AFTER UPDATE ON job_standings
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION enqueue_listed_jobs();

-- How text is compared in a search and ordered: in lower case and without accents.
CREATE FUNCTION search_form(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g'))
$$;

-- lists --------------------------------------------------------------------------------------------------------
-- Every job, as it is listed. The law compares the copy with it.
CREATE VIEW jobs_to_list AS
SELECT posting.shard, posting.job_id, coalesce(owner.parent_id, owner.id) AS partner_id, posting.application_id,
       posting.external_id, coalesce(posting.company_job_code, '') AS company_job_code, posting.title,
       posting.company_name, coalesce(nullif(posting.place, ''), posting.location) AS place,
       coalesce(posting.partner_job_campaign, '') AS campaign,
       CASE WHEN posting.partner_contract_id IS NOT NULL THEN 'P4P'
            WHEN hiring.kind = 'SLOTS' THEN 'SLOT'
            WHEN hiring.kind = 'CREDITS' THEN 'CREDIT'
            ELSE 'BASIC' END AS kind,
       CASE WHEN posting.state = 'PENDING' THEN 'IN_PROGRESS'
            WHEN posting.state <> 'LIVE' THEN posting.state
            WHEN standing.reason IN ('JOB_BUDGET', 'ACCOUNT_BUDGET', 'NO_BUDGET', 'OFFER_END') THEN 'RAN_OUT'
            WHEN standing.reason IN ('DAY_BUDGET', 'CAMPAIGN_OFF', 'NOT_PUBLIC') THEN standing.reason
            WHEN standing.is_promoted AND posting.partner_contract_id IS NOT NULL THEN 'PROMOTED'
            ELSE 'LISTED' END AS state,
       coalesce(standing.reason, '') AS reason, floor(extract(epoch FROM posting.listed_at) * 1000)::bigint AS posted_ms,
       coalesce(budget.currency, '') AS currency, coalesce(budget.budget_micros - budget.lowered_micros, 0) AS limit_micros,
       coalesce(budget.spent_micros, 0) AS spent_micros, left(search_form(posting.title), 80) AS title_key,
       search_form(concat_ws(E'\n', posting.title, posting.company_name, posting.place, posting.location,
                             posting.external_id, posting.company_job_code)) AS search_text
  FROM job_postings AS posting
  JOIN applications AS owner ON owner.id = posting.application_id
  LEFT JOIN hiring_contracts AS hiring ON hiring.id = posting.hiring_contract_id
  LEFT JOIN job_standings AS standing ON standing.shard = posting.shard AND standing.job_id = posting.job_id
  LEFT JOIN job_budgets AS budget ON budget.shard = posting.shard AND budget.job_id = posting.job_id;

-- What a list searches, orders and counts; what it shows besides is read of a page's jobs alone. Of the figures, `final_`
-- are those of the days up to `final_through`, which do not change. No column that changes with them is in an index, and
-- room is left in each page, so that an update stays beside its old version.
CREATE TABLE listed_jobs (
    job_id         bigint PRIMARY KEY,
    partner_id     bigint NOT NULL,
    application_id bigint NOT NULL,
    posted_ms      bigint NOT NULL,
    spent_micros   bigint NOT NULL,
    views          bigint NOT NULL,
    clicks         bigint NOT NULL,
    final_views    bigint NOT NULL DEFAULT 0,
    final_clicks   bigint NOT NULL DEFAULT 0,
    final_through  date   NOT NULL DEFAULT '1969-12-31',
    state          text   NOT NULL,
    kind           text   NOT NULL,
    reason         text   NOT NULL,
    campaign       text   NOT NULL,
    title_key      text   NOT NULL,
    search_text    text   NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX listed_jobs_of_partner ON listed_jobs (partner_id, job_id);

-- What was charged for the jobs of an application on a contract and day, also on days that are not final. Days are
-- counted again until they are.
CREATE TABLE listed_contract_days (
    partner_contract_id bigint NOT NULL,
    day                 date   NOT NULL,
    application_id      bigint NOT NULL,
    charge_micros       bigint NOT NULL,
    PRIMARY KEY (partner_contract_id, day, application_id)
);

-- One writer at a time. `counted_at` is when the figures were last counted, `seen_through` the last day that was final then.
CREATE TABLE listed_job_counts (
    only_one     boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    counted_at   timestamptz,
    seen_through date        NOT NULL
);
INSERT INTO listed_job_counts (seen_through) SELECT kept_through - 31 FROM job_month_keeping;

-- notifications ------------------------------------------------------------------------------------------------
-- An endpoint may have hundreds of thousands of deliveries, of which few were given up.
CREATE INDEX notices_dead ON notices (endpoint_id) WHERE state = 'DEAD';

-- The copies of existing jobs are made by the worker.
INSERT INTO listed_job_notes (job_id) SELECT job_id FROM job_postings ORDER BY shard, job_id;
