-- Apply before the code. The log of administrative acts, what an endpoint answered to a delivery, what is shown of days of
-- settlement and of secrets.

-- audit --------------------------------------------------------------------------------------------------------
-- One row for each act, written in the transaction of the act. Its number is one of the ledger's, so that the horizon and
-- the rounds of seals cover it too. The values are JSON as it was written: `jsonb` would refuse some texts.

CREATE TABLE audit_records (
    number        bigint      PRIMARY KEY
                  DEFAULT 0 * pg_current_xact_id()::text::bigint + nextval('ledger_numbers'),
    recorded_at   timestamptz NOT NULL,
    door          text        NOT NULL CHECK (door IN ('API', 'PORTAL', 'COMMAND', 'WORKER')),
    actor_kind    text        NOT NULL
                  CHECK (actor_kind IN ('OPERATOR_KEY', 'OPERATOR_PERSON', 'APPLICATION', 'PERSON', 'COMMAND', 'WORKER')),
    actor_id      bigint,
    actor_name    text        NOT NULL,
    action        text        NOT NULL CHECK (action LIKE '_%._%'),
    subject_id    text        NOT NULL,
    partner_id    bigint,
    request_id    text        NOT NULL,
    values_before json        NOT NULL,
    values_after  json        NOT NULL
);
CREATE INDEX audit_of_partner ON audit_records (partner_id, number) WHERE partner_id IS NOT NULL;
CREATE INDEX audit_of_actor ON audit_records (lower(actor_name), number);
CREATE INDEX audit_of_subject ON audit_records (subject_id, number);

-- A seal covers the records above the number of the seal before, up to its own. It belongs to a round of the ledger's
-- seals, so that the head of a round covers both.
CREATE TABLE audit_seals (
    round        bigint PRIMARY KEY REFERENCES ledger_seal_rounds,
    until_number bigint NOT NULL UNIQUE,
    records      bigint NOT NULL CHECK (records > 0),
    content      bytea  NOT NULL,
    digest       bytea  NOT NULL
);

-- What is sealed of a record, like `posting_text`; an array of JSON, because its texts may contain anything.
CREATE FUNCTION audit_text(record audit_records) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT json_build_array(record.number, (extract(epoch FROM record.recorded_at) * 1000000)::bigint, record.door,
                            record.actor_kind, record.actor_id, record.actor_name, record.action, record.subject_id,
                            record.partner_id, record.request_id, record.values_before::text,
                            record.values_after::text)::text || E'\n'
$$;

CREATE TRIGGER records_stand BEFORE UPDATE OR DELETE ON audit_records
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER seals_stand BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- deliveries ---------------------------------------------------------------------------------------------------
-- What the endpoint answered to the last attempt: nothing where it was not reached, or before this version.

ALTER TABLE notices
    ADD COLUMN answer_status integer,
    ADD COLUMN answer_text   text CHECK (length(answer_text) <= 2048),
    ADD COLUMN answer_ms     integer CHECK (answer_ms >= 0);
CREATE INDEX notices_by_time ON notices (endpoint_id, created_at, number);

-- settlement ---------------------------------------------------------------------------------------------------
-- How many clicks each rule reversed, by its number; nothing of days that were settled before this version. Charges of a
-- day and its late events are counted when days are listed.

ALTER TABLE settlement_runs ADD COLUMN reversed_by_rule jsonb;
CREATE INDEX contract_days_of_day ON contract_days (day);
CREATE INDEX late_restatements_of_day ON job_day_restatements (day) WHERE cause = 1;

-- secrets ------------------------------------------------------------------------------------------------------
-- Its last four characters, by which a person tells two apart, and when it was used last, to the hour. Nothing of
-- secrets that an older server creates, and of those that exist.

ALTER TABLE application_secrets
    ADD COLUMN last_four    text CHECK (length(last_four) = 4),
    ADD COLUMN last_used_at timestamptz;
ALTER TABLE operator_key_secrets
    ADD COLUMN last_four    text CHECK (length(last_four) = 4),
    ADD COLUMN last_used_at timestamptz;
