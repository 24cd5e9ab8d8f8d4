-- Apply before the code. What partners record that they refunded to their own customers: statements show it, and no
-- money of the platform moves.

CREATE TABLE customer_refunds (
    number        bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    partner_id    bigint      NOT NULL REFERENCES applications,
    reference     text        NOT NULL,
    document_id   bigint      NOT NULL,
    line          integer     NOT NULL,
    amount_micros bigint      NOT NULL CHECK (amount_micros > 0),
    refunded_on   date        NOT NULL,
    recorded_at   timestamptz NOT NULL,
    PRIMARY KEY (partner_id, reference),
    FOREIGN KEY (document_id, line) REFERENCES billing_lines
);
CREATE INDEX customer_refunds_in_order ON customer_refunds (partner_id, refunded_on);
