-- The files of issued documents. An older server goes on issuing: a trigger queues the files of what it issues.
-- PDF and XML are kept, in `content` or in the operator's folder; CSV, JSON and Excel are made again when they are wanted,
-- and only their hash is kept. `maker` names the versions that decide about the bytes.
CREATE TABLE billing_files (
    document_id bigint      NOT NULL REFERENCES billing_documents,
    format      text        NOT NULL CHECK (format IN ('pdf', 'xml', 'ubl', 'csv', 'json', 'xlsx')),
    sha256      bytea       NOT NULL CHECK (length(sha256) = 32),
    byte_count  bigint      NOT NULL CHECK (byte_count >= 0),
    maker       text        NOT NULL,
    content     bytea,
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (document_id, format),
    CHECK (content IS NULL OR format IN ('pdf', 'xml', 'ubl'))
);

-- Documents whose files are not made yet.
CREATE TABLE billing_file_tasks (
    document_id bigint      PRIMARY KEY REFERENCES billing_documents,
    attempts    integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at      timestamptz NOT NULL DEFAULT '-infinity',
    last_error  text        NOT NULL DEFAULT ''
);
CREATE INDEX billing_file_tasks_due ON billing_file_tasks (due_at, document_id);

CREATE FUNCTION queue_document_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_file_tasks (document_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- A document is issued once its digest is written.
CREATE TRIGGER issued_files_queued AFTER UPDATE OF digest ON billing_documents
    FOR EACH ROW WHEN (OLD.digest = '' AND NEW.digest <> '') EXECUTE FUNCTION queue_document_files();
INSERT INTO billing_file_tasks (document_id) SELECT id FROM billing_documents WHERE digest <> '';

CREATE FUNCTION refuse_file_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the file of an issued document is never changed or removed';
END $$;
CREATE TRIGGER files_stand BEFORE UPDATE OR DELETE ON billing_files
    FOR EACH ROW EXECUTE FUNCTION refuse_file_change();

-- The mails that bring a document to its buyer, one for each address.
CREATE TABLE billing_mails (
    document_id  bigint      NOT NULL REFERENCES billing_documents,
    email        text        NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at       timestamptz,
    sent_at      timestamptz,
    last_outcome text        NOT NULL DEFAULT '',
    PRIMARY KEY (document_id, email)
);
CREATE INDEX billing_mails_due ON billing_mails (due_at) WHERE due_at IS NOT NULL;
