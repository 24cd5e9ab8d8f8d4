-- Apply before the code. Payments that top up a contract, mails about documents, the seller's logo.

-- payments -----------------------------------------------------------------------------------------------------
-- The contract that a payment topped up, in the same transaction, and the posting that did. An older server records
-- payments that top up nothing.

ALTER TABLE billing_payments
    ADD COLUMN tops_up bigint,
    ADD COLUMN top_up uuid,
    ADD CHECK ((tops_up IS NULL) = (top_up IS NULL)),
    ADD CHECK (tops_up IS NULL OR num_nonnulls(document_id, reverses) = 0);

-- mails --------------------------------------------------------------------------------------------------------
-- Besides the document itself: reminders, each of its level, a warning to the seller, a receipt.

ALTER TABLE billing_mails
    ADD COLUMN kind text NOT NULL DEFAULT 'DOCUMENT' CHECK (kind IN ('DOCUMENT', 'REMINDER', 'WARNING', 'RECEIPT')),
    ADD COLUMN level smallint NOT NULL DEFAULT 0 CHECK (level >= 0),
    DROP CONSTRAINT billing_mails_pkey,
    ADD PRIMARY KEY (document_id, email, kind, level);

-- logos --------------------------------------------------------------------------------------------------------
-- A seller names its logo by the hash of its bytes, and so does each document: an old one keeps the old logo.

CREATE TABLE billing_logos (
    sha256      bytea       PRIMARY KEY CHECK (sha256 = sha256(content)),
    media_type  text        NOT NULL CHECK (media_type IN ('image/png', 'image/svg+xml')),
    content     bytea       NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE TRIGGER logos_stand BEFORE UPDATE OR DELETE ON billing_logos
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE billing_sellers ADD COLUMN logo text NOT NULL DEFAULT '' CHECK (logo ~ '^([0-9a-f]{64})?$');
