-- Apply before the code. Invoices, credit notes and statements with their lines and taxes; frozen once they are issued.

-- How far postings were known when a month became billable: decided once, for every account. No posting of an
-- earlier month that was not known then is of a day before `late_from`.
CREATE TABLE billing_months (
    month        date        PRIMARY KEY CHECK (extract(day FROM month) = 1),
    until_number bigint      NOT NULL CHECK (until_number >= 0),
    late_from    date        NOT NULL CHECK (late_from <= month),
    opened_at    timestamptz NOT NULL
);

-- Why an account's next month is not billed, although it is due. A month whose draft was dropped waits for a run
-- that the operator requests; the others are billed as soon as what is missing is there.
CREATE TABLE billing_holds (
    account_id bigint      PRIMARY KEY REFERENCES billing_accounts,
    month      date        NOT NULL,
    reason     text        NOT NULL,
    is_dropped boolean     NOT NULL,
    held_at    timestamptz NOT NULL
);

-- The counters of numbers, with the digest of the last document, which the next one continues.
CREATE TABLE billing_series (
    name           text        PRIMARY KEY,
    kind           text        NOT NULL CHECK (kind IN ('INVOICE', 'CREDIT_NOTE')),
    last           bigint      NOT NULL CHECK (last >= 0),
    last_issued_at timestamptz NOT NULL,
    last_digest    bytea       NOT NULL
);

-- Drafts have no number. `minor_digits` are those of the currency: a document stays right if they change one day.
CREATE TABLE billing_documents (
    id           bigint      PRIMARY KEY,
    account_id   bigint      NOT NULL REFERENCES billing_accounts,
    kind         text        NOT NULL CHECK (kind IN ('INVOICE', 'CREDIT_NOTE', 'STATEMENT')),
    month        date        NOT NULL CHECK (extract(day FROM month) = 1),
    reference    uuid        NOT NULL UNIQUE,
    corrects     bigint      REFERENCES billing_documents CHECK (kind = 'CREDIT_NOTE' OR corrects IS NULL),
    note         text        NOT NULL DEFAULT '',
    currency     text        NOT NULL,
    minor_digits smallint    NOT NULL CHECK (minor_digits BETWEEN 0 AND 6),
    seller       jsonb       NOT NULL,
    buyer        jsonb       NOT NULL,
    line_count   integer     NOT NULL DEFAULT 0,
    net_micros   bigint      NOT NULL DEFAULT 0,
    tax_micros   bigint      NOT NULL DEFAULT 0,
    lines_digest bytea       NOT NULL DEFAULT '',
    series       text        REFERENCES billing_series,
    sequence     bigint,
    issued_at    timestamptz,
    due_on       date,
    digest       bytea       NOT NULL DEFAULT '',
    UNIQUE (series, sequence),
    CHECK (num_nulls(series, sequence) IN (0, 2)),
    CHECK (kind = 'STATEMENT' AND series IS NULL OR (series IS NULL) = (issued_at IS NULL)),
    CHECK ((kind = 'INVOICE' AND issued_at IS NOT NULL) = (due_on IS NOT NULL)),
    CHECK (digest = '' OR issued_at IS NOT NULL)
);
CREATE UNIQUE INDEX billing_month_documents ON billing_documents (account_id, month, kind)
 WHERE kind <> 'CREDIT_NOTE';
CREATE INDEX billing_documents_of_account ON billing_documents (account_id, id);
CREATE INDEX billing_credit_notes ON billing_documents (corrects) WHERE corrects IS NOT NULL;

-- `posting` is the one that the line invoices, where it is one: no other line may name it. Without a foreign key,
-- which would cost a fifth of the time of a run: the laws notice a line without its document.
CREATE TABLE billing_lines (
    document_id       bigint      NOT NULL,
    line              integer     NOT NULL CHECK (line > 0),
    kind              text        NOT NULL
                      CHECK (kind IN ('POSTING', 'RENEWAL', 'CLICKS', 'CORRECTION', 'GOODWILL', 'TOP_UP')),
    contract_id       bigint      NOT NULL,
    job_id            bigint      NOT NULL,
    application_id    bigint      NOT NULL,
    posting           uuid,
    external_id       text        NOT NULL,
    title             text        NOT NULL,
    company_name      text        NOT NULL,
    customer_job_code text        NOT NULL,
    poster_email      text        NOT NULL,
    first_at          timestamptz NOT NULL,
    last_at           timestamptz NOT NULL,
    quantity          bigint      NOT NULL CHECK (quantity <> 0),
    price_micros      bigint      NOT NULL CHECK (price_micros >= 0),
    net_micros        bigint      NOT NULL,
    category          text        NOT NULL,
    rate_micros       bigint      NOT NULL,
    corrects_document bigint,
    corrects_line     integer,
    PRIMARY KEY (document_id, line),
    CHECK (net_micros = quantity * price_micros),
    CHECK (first_at <= last_at),
    CHECK ((corrects_document IS NULL) = (corrects_line IS NULL)),
    CHECK (posting IS NOT NULL OR kind NOT IN ('POSTING', 'RENEWAL', 'TOP_UP'))
);
CREATE UNIQUE INDEX billing_line_postings ON billing_lines (posting) WHERE posting IS NOT NULL;
CREATE INDEX billing_line_corrections ON billing_lines (corrects_document, corrects_line)
 WHERE corrects_document IS NOT NULL;

CREATE TABLE billing_taxes (
    document_id bigint NOT NULL REFERENCES billing_documents,
    category    text   NOT NULL,
    rate_micros bigint NOT NULL,
    reason      text   NOT NULL,
    base_micros bigint NOT NULL,
    tax_micros  bigint NOT NULL,
    PRIMARY KEY (document_id, category, rate_micros)
);

-- guards -------------------------------------------------------------------------------------------------------

-- A document is issued once its digest is written, the last step of its transaction.
CREATE FUNCTION refuse_issued_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint := CASE TG_TABLE_NAME WHEN 'billing_documents' THEN (to_jsonb(OLD) ->> 'id')::bigint
                                         ELSE (to_jsonb(OLD) ->> 'document_id')::bigint END;
BEGIN
    IF EXISTS (SELECT FROM billing_documents WHERE id = changed AND digest <> '') THEN
        RAISE EXCEPTION 'an issued document is never changed or removed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION refuse_issued_addition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_documents
                WHERE digest <> '' AND id IN (SELECT document_id FROM added)) THEN
        RAISE EXCEPTION 'nothing is added to an issued document';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER issued_stand BEFORE UPDATE OR DELETE ON billing_documents
    FOR EACH ROW EXECUTE FUNCTION refuse_issued_change();
CREATE TRIGGER issued_stand BEFORE UPDATE OR DELETE ON billing_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_issued_change();
CREATE TRIGGER issued_stand BEFORE UPDATE OR DELETE ON billing_taxes
    FOR EACH ROW EXECUTE FUNCTION refuse_issued_change();
CREATE TRIGGER issued_closed AFTER INSERT ON billing_lines REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_issued_addition();
CREATE TRIGGER issued_closed AFTER INSERT ON billing_taxes REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_issued_addition();

-- sums and digests ---------------------------------------------------------------------------------------------

-- In whole minor units, half away from zero: the tax of a credit note is the mirror of its invoice's.
CREATE FUNCTION tax_of(base_micros bigint, rate_micros bigint, minor_digits integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (sign(base_micros) * div(2 * abs(base_micros)::numeric * rate_micros + 1000000 * minor_micros,
                                    2000000 * minor_micros) * minor_micros)::bigint
      FROM (SELECT (10::numeric ^ (6 - minor_digits))::bigint::numeric AS minor_micros) AS minor
$$;

-- What is hashed of a line, of a tax and of a document: JSON, independent of any session setting.
CREATE FUNCTION billing_line_text(billed billing_lines) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat('[', concat_ws(',', billed.line, to_json(billed.kind), billed.contract_id, billed.job_id,
                                 billed.application_id, coalesce(to_json(billed.posting)::text, 'null'),
                                 to_json(billed.external_id), to_json(billed.title), to_json(billed.company_name),
                                 to_json(billed.customer_job_code), to_json(billed.poster_email),
                                 (extract(epoch FROM billed.first_at) * 1000000)::bigint,
                                 (extract(epoch FROM billed.last_at) * 1000000)::bigint,
                                 billed.quantity, billed.price_micros, billed.net_micros,
                                 to_json(billed.category), billed.rate_micros,
                                 coalesce(billed.corrects_document::text, 'null'),
                                 coalesce(billed.corrects_line::text, 'null')), E']\n')
$$;

CREATE FUNCTION billing_tax_text(billed billing_taxes) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT json_build_array(billed.category, billed.rate_micros, billed.reason, billed.base_micros,
                            billed.tax_micros)::text || E'\n'
$$;

CREATE FUNCTION billing_document_content(issued billing_documents) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(json_build_array(
               issued.id, issued.account_id, issued.kind, issued.month - date '1970-01-01', issued.reference,
               issued.corrects, issued.note, issued.currency, issued.minor_digits, issued.seller, issued.buyer,
               issued.line_count, issued.net_micros, issued.tax_micros, encode(issued.lines_digest, 'hex'),
               issued.series, issued.sequence, (extract(epoch FROM issued.issued_at) * 1000000)::bigint,
               issued.due_on - date '1970-01-01')::text, 'UTF8'))
$$;

-- views --------------------------------------------------------------------------------------------------------

-- The first month of an account that is not billed. A draft may still change: its month counts as not billed.
CREATE VIEW billing_next_months AS
SELECT id AS account_id,
       coalesce((SELECT min(month)
                   FROM billing_documents
                  WHERE account_id = billing_accounts.id
                    AND digest = ''),
                ((SELECT max(month) FROM billing_cuts WHERE account_id = billing_accounts.id)
                 + interval '1 month')::date,
                first_month) AS month
  FROM billing_accounts;

-- The first day of a contract that is not billed; null where nobody bills it.
CREATE FUNCTION unbilled_from(billed_contract bigint) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT greatest(month, first_month)
      FROM billing_agreements
      JOIN billing_next_months USING (account_id)
     WHERE contract_id = billed_contract
$$;

-- What a cut reaches: postings up to `until_number` of days before `next_month`, without those that the cut
-- before reached. `late_from` bounds the days to look at.
CREATE VIEW billing_spans AS
SELECT cut.account_id, cut.month, (cut.month + interval '1 month')::date AS next_month, cut.until_number,
       coalesce(before.until_number, -1) AS reached_before,
       least(cut.month, (SELECT late_from FROM billing_months WHERE billing_months.month = cut.month))
           AS late_from
  FROM billing_cuts AS cut
  LEFT JOIN billing_cuts AS before
    ON before.account_id = cut.account_id
   AND before.month = (cut.month - interval '1 month')::date;

-- From which day until before which day an account has which rate.
CREATE VIEW billing_rate_spans AS
SELECT account_id, category, rate_micros, reason, valid_from AS from_day,
       lead(valid_from, 1, date 'infinity') OVER (PARTITION BY account_id ORDER BY valid_from) AS until_day
  FROM (SELECT DISTINCT ON (account_id, valid_from) account_id, valid_from, category, rate_micros, reason
          FROM billing_tax_rates
         ORDER BY account_id, valid_from, revision DESC) AS latest;

-- The postings of an account's contracts, except charges, that the cut of a month is the first to reach: each is
-- of exactly one month by this condition. A contract's postings are in its shard and found by source and day.
CREATE VIEW billable_bookings AS
SELECT span.account_id, span.month, contract_id, agreement.kind, bills, shard, reference, purpose, source_kind,
       amount, day, booked_at, cause, corrects, number
  FROM billing_spans AS span
  JOIN billing_agreements AS agreement USING (account_id)
  JOIN ledger_bookings AS posting
    ON posting.shard = shard_of(contract_id)
   AND source_id = contract_id
   AND day >= greatest(late_from, first_month)
   AND day < next_month
   AND number <= until_number
   AND NOT (number <= reached_before AND day < span.month);

-- The line that billed a job's charges of a day; the same rate may be in force on several spans of a month.
CREATE FUNCTION find_billed_line(billed_account bigint, billed_job bigint, billed_day date)
    RETURNS TABLE (document_id bigint, line integer) LANGUAGE sql STABLE AS $$
    SELECT billing_lines.document_id, billing_lines.line
      FROM billing_documents
      JOIN billing_lines ON billing_lines.document_id = id
     WHERE account_id = billed_account AND billing_documents.kind = 'INVOICE'
       AND month = date_trunc('month', billed_day::timestamp)::date
       AND billing_lines.kind = 'CLICKS' AND job_id = billed_job
       AND (first_at AT TIME ZONE 'UTC')::date <= billed_day AND (last_at AT TIME ZONE 'UTC')::date >= billed_day
     LIMIT 1
$$;

-- Lines with what their documents say of them; days in UTC.
CREATE VIEW billed_lines AS
SELECT account_id, month, documents.kind AS document_kind, documents.corrects AS document_corrects, document_id,
       line, lines.kind, contract_id, job_id, posting, quantity, price_micros, lines.net_micros, lines.category,
       lines.rate_micros, first_at, (first_at AT TIME ZONE 'UTC')::date AS first_day,
       (last_at AT TIME ZONE 'UTC')::date AS last_day, corrects_document, corrects_line
  FROM billing_lines AS lines
  JOIN billing_documents AS documents ON documents.id = document_id;

CREATE FUNCTION billing_number(series text, sequence bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(series || '-' || lpad(sequence::text, greatest(6, length(sequence::text)), '0'), '')
$$;

-- What is settled of a document, apart from its own amounts. Payments are added by their own migration.
CREATE VIEW billing_balances AS
SELECT id AS document_id,
       (SELECT coalesce(sum(net_micros + tax_micros), 0)::bigint
          FROM billing_documents AS note
         WHERE note.corrects = documents.id
           AND note.digest <> '') AS credited_micros,
       0::bigint AS paid_micros
  FROM billing_documents AS documents;

-- Why a month cannot be billed on this day; null where it can.
CREATE FUNCTION billing_hold_reason(billed_account bigint, billed_month date, on_day date) RETURNS text
    LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM billing_sellers WHERE valid_from <= on_day)
        THEN 'no seller is in force: set one'
        WHEN NOT EXISTS (SELECT FROM billing_profiles WHERE account_id = billed_account AND valid_from <= on_day)
        THEN 'the account has no profile in force'
        WHEN NOT EXISTS (SELECT FROM billing_tax_rates
                          WHERE account_id = billed_account AND valid_from <= billed_month)
        THEN 'no tax rate is in force on ' || to_char(billed_month, 'YYYY-MM-DD')
        ELSE (SELECT reason FROM billing_holds WHERE account_id = billed_account AND month = billed_month
                                                 AND is_dropped)
    END
$$;
