-- Apply before the code. Who issues invoices, who receives them, what they bill and at which tax rates.

CREATE SEQUENCE billing_ids START 5000001;  -- of accounts and documents

-- Dated versions are only added: of a day, the one with the latest `valid_from` until then is in force, and of
-- several with the same date the last revision.
CREATE TABLE billing_sellers (
    valid_from          date        NOT NULL,
    revision            integer     NOT NULL CHECK (revision > 0),
    legal_name          text        NOT NULL CHECK (legal_name <> ''),
    address_lines       text[]      NOT NULL,
    city                text        NOT NULL,
    postcode            text        NOT NULL,
    country             text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    vat_number          text        NOT NULL,
    registration_number text        NOT NULL,
    registration_scheme text        NOT NULL,
    endpoint            text        NOT NULL,
    endpoint_scheme     text        NOT NULL,
    emails              text[]      NOT NULL,
    iban                text        NOT NULL,
    bic                 text        NOT NULL,
    recorded_at         timestamptz NOT NULL,
    PRIMARY KEY (valid_from, revision)
);

CREATE TABLE billing_accounts (
    id          bigint      PRIMARY KEY,
    partner_id  bigint      NOT NULL REFERENCES applications,
    currency    text        NOT NULL,
    issues      text        NOT NULL CHECK (issues IN ('ALONE', 'HELD')),
    zero_month  text        NOT NULL CHECK (zero_month IN ('NOTHING', 'STATEMENT')),
    first_month date        NOT NULL CHECK (extract(day FROM first_month) = 1),
    created_at  timestamptz NOT NULL,
    UNIQUE (partner_id, currency)
);

CREATE TABLE billing_profiles (
    account_id          bigint      NOT NULL REFERENCES billing_accounts,
    valid_from          date        NOT NULL,
    revision            integer     NOT NULL CHECK (revision > 0),
    legal_name          text        NOT NULL CHECK (legal_name <> ''),
    address_lines       text[]      NOT NULL,
    city                text        NOT NULL,
    postcode            text        NOT NULL,
    country             text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    vat_number          text        NOT NULL,
    registration_number text        NOT NULL,
    registration_scheme text        NOT NULL,
    endpoint            text        NOT NULL,
    endpoint_scheme     text        NOT NULL,
    emails              text[]      NOT NULL,
    language            text        NOT NULL,
    terms_days          smallint    NOT NULL CHECK (terms_days BETWEEN 0 AND 180),
    purchase_order      text        NOT NULL,
    shows_customers     boolean     NOT NULL,
    recorded_at         timestamptz NOT NULL,
    PRIMARY KEY (account_id, valid_from, revision)
);

-- CLICKS of a partner contract or CREDITS (or slots) of a hiring contract, from its own first month on.
CREATE TABLE billing_agreements (
    contract_id bigint      PRIMARY KEY,
    account_id  bigint      NOT NULL REFERENCES billing_accounts,
    kind        text        NOT NULL CHECK (kind IN ('CLICKS', 'CREDITS')),
    bills       text        NOT NULL CHECK (bills IN ('USE', 'TOP_UPS')),
    first_month date        NOT NULL CHECK (extract(day FROM first_month) = 1),
    agreed_at   timestamptz NOT NULL
);
CREATE INDEX billing_agreements_of_account ON billing_agreements (account_id, contract_id);

CREATE TABLE billing_tax_rates (
    account_id  bigint      NOT NULL REFERENCES billing_accounts,
    valid_from  date        NOT NULL,
    revision    integer     NOT NULL CHECK (revision > 0),
    category    text        NOT NULL CHECK (category IN ('S', 'Z', 'E', 'AE', 'K', 'G', 'O')),
    rate_micros bigint      NOT NULL CHECK (rate_micros BETWEEN 0 AND 1000000),
    reason      text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, valid_from, revision),
    CHECK ((category = 'S') = (rate_micros > 0)),
    CHECK ((category IN ('S', 'Z')) = (reason = ''))
);

-- How far an account is billed: one row for each month, also for a month without a document.
CREATE TABLE billing_cuts (
    account_id   bigint NOT NULL REFERENCES billing_accounts,
    month        date   NOT NULL CHECK (extract(day FROM month) = 1),
    until_number bigint NOT NULL,
    PRIMARY KEY (account_id, month)
);
