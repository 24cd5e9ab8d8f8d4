-- Apply before the code. Operations on jobs beyond create and close, campaigns, standardized places.

-- campaigns ----------------------------------------------------------------------------------------------------
-- A customer's campaign on one contract; its jobs name it by the partner's own id. `jobs_ended` marks an ended
-- campaign whose last job the worker has ended too.

CREATE SEQUENCE campaign_ids START 5000001;

CREATE TABLE job_campaigns (
    shard                smallint    NOT NULL,
    id                   bigint      NOT NULL,
    application_id       bigint      NOT NULL REFERENCES applications,
    partner_job_campaign text        NOT NULL,
    partner_contract_id  bigint      NOT NULL REFERENCES partner_contracts,
    name                 text        NOT NULL,
    status               text        NOT NULL
                         CHECK (status IN ('DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED', 'CLOSED')),
    starts_at            timestamptz NOT NULL,
    ends_at              timestamptz,
    created_at           timestamptz NOT NULL,
    changed_at           timestamptz NOT NULL,
    ended_at             timestamptz,
    jobs_ended           boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (shard, id),
    UNIQUE (shard, application_id, partner_job_campaign),
    CHECK (ends_at IS NULL OR starts_at < ends_at),
    CHECK ((ended_at IS NULL) = (status IN ('DRAFT', 'ACTIVE', 'PAUSED')))
);
CREATE INDEX ON job_campaigns (starts_at) WHERE status = 'DRAFT';
CREATE INDEX ON job_campaigns (ends_at) WHERE status IN ('DRAFT', 'ACTIVE', 'PAUSED');
CREATE INDEX ON job_campaigns (ended_at) WHERE NOT jobs_ended AND ended_at IS NOT NULL;

-- jobs ---------------------------------------------------------------------------------------------------------
-- `location` is as sent (the raw location), `place` the standardized one. A hash stands for what makes two live
-- jobs of one application the same job. `partner_job_campaign` is what the element named, `campaign_id` what it
-- joined when it went live.

ALTER TABLE job_postings
    ADD COLUMN place                text   NOT NULL DEFAULT '',
    ADD COLUMN content_hash         bytea,
    ADD COLUMN partner_job_campaign text,
    ADD COLUMN campaign_id          bigint,
    ADD COLUMN failure              text;

-- A premium job of the P4P API holds a slot of a hiring contract too.
ALTER TABLE job_postings
    DROP CONSTRAINT job_postings_check,
    ADD CONSTRAINT job_postings_paid_one_way
        CHECK ((channel = 'P4P' OR hiring_contract_id IS NOT NULL)
           AND (hiring_contract_id IS NULL OR partner_contract_id IS NULL));

CREATE UNIQUE INDEX job_contents ON job_postings (shard, application_id, content_hash)
 WHERE state = 'LIVE' AND content_hash IS NOT NULL;
CREATE INDEX job_campaign_members ON job_postings (shard, campaign_id)
 WHERE state = 'LIVE' AND campaign_id IS NOT NULL;
CREATE INDEX job_external_ids_ever_used ON job_postings (shard, application_id, external_id, job_id)
 WHERE channel = 'P4P';

-- tasks --------------------------------------------------------------------------------------------------------
-- The number is the order in which operations were taken in, within a batch too. A verdict is the failure that was
-- certain when the operation was taken in; the worker only tells it.

CREATE SEQUENCE job_task_numbers;

ALTER TABLE job_tasks
    ADD COLUMN number  bigint NOT NULL DEFAULT nextval('job_task_numbers'),
    ADD COLUMN verdict text;

DROP INDEX job_tasks_created_at_idx;
CREATE INDEX job_tasks_waiting ON job_tasks (number) WHERE status = 'IN_PROGRESS';

-- charging -----------------------------------------------------------------------------------------------------
-- A job's total budget can be changed: raised by reserving more (`budget_micros` grows), lowered by releasing
-- (`released_micros` and `lowered_micros` grow). The limit that the partner set is budget less lowered.

ALTER TABLE job_budgets
    ADD COLUMN lowered_micros bigint NOT NULL DEFAULT 0,
    ADD CHECK (lowered_micros BETWEEN 0 AND released_micros);
