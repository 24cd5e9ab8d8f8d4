-- Apply before the code. Payments and their reversals, what they are allocated to, reminders, events of payment providers.

-- A payment into an account, or a reversal: money that went back, of the whole payment or of a part.
CREATE TABLE billing_payments (
    id            bigint      PRIMARY KEY,
    account_id    bigint      NOT NULL REFERENCES billing_accounts,
    source        text        NOT NULL CHECK (source IN ('OPERATOR', 'STRIPE')),
    reference     text        NOT NULL,
    amount_micros bigint      NOT NULL CHECK (amount_micros > 0),
    paid_on       date        NOT NULL,
    note          text        NOT NULL,
    document_id   bigint      REFERENCES billing_documents,
    reverses      bigint      REFERENCES billing_payments,
    recorded_at   timestamptz NOT NULL,
    UNIQUE (account_id, source, reference),
    CHECK (reverses IS NULL OR document_id IS NULL)
);
CREATE INDEX billing_payments_of_provider ON billing_payments (source, reference);
CREATE INDEX billing_reversals ON billing_payments (reverses) WHERE reverses IS NOT NULL;

-- An amount of a payment, or of a credit note that corrects no single invoice, that pays an invoice. What is taken
-- back is another row, below zero.
CREATE TABLE billing_allocations (
    number         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id     bigint      REFERENCES billing_payments,
    credit_note_id bigint      REFERENCES billing_documents,
    document_id    bigint      NOT NULL REFERENCES billing_documents,
    amount_micros  bigint      NOT NULL CHECK (amount_micros <> 0),
    allocated_at   timestamptz NOT NULL,
    CHECK (num_nonnulls(payment_id, credit_note_id) = 1)
);
CREATE INDEX billing_allocations_of_document ON billing_allocations (document_id);
CREATE INDEX billing_allocations_of_payment ON billing_allocations (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX billing_allocations_of_note ON billing_allocations (credit_note_id) WHERE credit_note_id IS NOT NULL;

-- The reminders that were sent of an overdue invoice: 1 is the first.
CREATE TABLE billing_reminders (
    document_id bigint      NOT NULL REFERENCES billing_documents,
    level       smallint    NOT NULL CHECK (level > 0),
    open_micros bigint      NOT NULL,
    sent_at     timestamptz NOT NULL,
    PRIMARY KEY (document_id, level)
);

-- What a payment provider has sent: each of its events is processed once.
CREATE TABLE billing_provider_events (
    provider   text        NOT NULL,
    event_id   text        NOT NULL,
    kind       text        NOT NULL,
    payment_id bigint      REFERENCES billing_payments,
    outcome    text        NOT NULL,
    taken_at   timestamptz NOT NULL,
    PRIMARY KEY (provider, event_id)
);

CREATE TRIGGER payments_stand BEFORE UPDATE OR DELETE ON billing_payments
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER allocations_stand BEFORE UPDATE OR DELETE ON billing_allocations
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- views --------------------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW billing_balances AS
SELECT id AS document_id,
       (SELECT coalesce(sum(net_micros + tax_micros), 0)::bigint
          FROM billing_documents AS note
         WHERE note.corrects = documents.id
           AND note.digest <> '') AS credited_micros,
       (SELECT coalesce(sum(amount_micros), 0)::bigint
          FROM billing_allocations
         WHERE billing_allocations.document_id = documents.id) AS paid_micros
  FROM billing_documents AS documents;

-- What is still to be paid of an issued invoice; below zero where a credit note came after its payment.
CREATE VIEW billing_open_invoices AS
SELECT id AS document_id, account_id, currency, due_on,
       net_micros + tax_micros - credited_micros - paid_micros AS open_micros
  FROM billing_documents
  JOIN billing_balances ON document_id = id
 WHERE kind = 'INVOICE'
   AND digest <> '';

-- What is not allocated yet of a payment, or of a credit note that corrects no single invoice.
CREATE VIEW billing_credits AS
SELECT account_id, id AS payment_id, NULL::bigint AS credit_note_id, paid_on AS since, id AS source_id,
       amount_micros
       - (SELECT coalesce(sum(amount_micros), 0)::bigint FROM billing_payments AS back WHERE back.reverses = payment.id)
       - (SELECT coalesce(sum(amount_micros), 0)::bigint FROM billing_allocations WHERE payment_id = payment.id)
           AS left_micros
  FROM billing_payments AS payment
 WHERE reverses IS NULL
 UNION ALL
SELECT account_id, NULL, id, (issued_at AT TIME ZONE 'UTC')::date, id,
       net_micros + tax_micros
       - (SELECT coalesce(sum(amount_micros), 0)::bigint FROM billing_allocations WHERE credit_note_id = note.id)
  FROM billing_documents AS note
 WHERE kind = 'CREDIT_NOTE'
   AND corrects IS NULL
   AND digest <> '';
