-- Apply before the code. The price of each used credit and what an invoice says of it, kept when the credit is used.

-- prices -------------------------------------------------------------------------------------------------------
-- The price in force at a moment; before the first of the list, the first.

CREATE FUNCTION hiring_price_at(of_contract bigint, moment timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT price_micros
                       FROM hiring_prices
                      WHERE contract_id = of_contract AND valid_from <= moment
                      ORDER BY valid_from DESC
                      LIMIT 1),
                    (SELECT price_micros
                       FROM hiring_prices
                      WHERE contract_id = of_contract
                      ORDER BY valid_from
                      LIMIT 1), 0)
$$;

-- credits ------------------------------------------------------------------------------------------------------
-- One row for each posting of the ledger that uses a credit, with its reference. `is_backfilled`: written by this
-- migration, or for a server of an earlier version, with the texts that the job had then.

CREATE TABLE credit_uses (
    number            bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    shard             smallint    NOT NULL,
    reference         uuid        NOT NULL,
    contract_id       bigint      NOT NULL REFERENCES hiring_contracts,
    job_id            bigint      NOT NULL,
    run_number        integer     NOT NULL,
    application_id    bigint      NOT NULL,
    is_renewal        boolean     NOT NULL,
    price_micros      bigint      NOT NULL CHECK (price_micros >= 0),
    external_id       text        NOT NULL,
    title             text        NOT NULL,
    company_name      text        NOT NULL,
    customer_job_code text        NOT NULL,
    poster_email      text        NOT NULL,
    used_at           timestamptz NOT NULL,
    is_backfilled     boolean     NOT NULL,
    PRIMARY KEY (shard, reference)
);

CREATE INDEX credit_uses_in_order ON credit_uses (contract_id, used_at, number);
CREATE INDEX credit_uses_of_customers ON credit_uses (application_id, used_at);

CREATE TRIGGER uses_stand BEFORE UPDATE OR DELETE ON credit_uses
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A server of an earlier version uses a credit and keeps no price: at the end of its transaction, when the job is
-- what it became, the row is written for it.
CREATE FUNCTION keep_credit_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO credit_uses (shard, reference, contract_id, job_id, run_number, application_id, is_renewal,
                             price_micros, external_id, title, company_name, customer_job_code, poster_email,
                             used_at, is_backfilled)
    SELECT NEW.shard, NEW.reference, NEW.destination_id, job_id, run_number, application_id,
           channel = 'XML' AND run_number > 1, hiring_price_at(NEW.destination_id, NEW.booked_at), external_id,
           title, company_name, coalesce(company_job_code, ''), poster_email, NEW.booked_at, true
      FROM job_postings
     WHERE shard = shard_of(NEW.cause)
       AND job_id = NEW.cause
       AND NOT EXISTS (SELECT FROM credit_uses WHERE shard = NEW.shard AND reference = NEW.reference);
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER uses_are_kept AFTER INSERT ON ledger_bookings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.purpose = 7) EXECUTE FUNCTION keep_credit_use();

-- Credits used before: at the price in force then. The n-th unit of a job paid its n-th run, or the one after if it
-- began as a basic job. The poster is that of the run in the log; other texts are the latest.
INSERT INTO credit_uses (shard, reference, contract_id, job_id, run_number, application_id, is_renewal, price_micros,
                         external_id, title, company_name, customer_job_code, poster_email, used_at, is_backfilled)
SELECT used.shard, reference, destination_id, job.job_id, nth + job.run_number - units, application_id,
       channel = 'XML' AND nth > 1, hiring_price_at(destination_id, booked_at), external_id, title, company_name,
       coalesce(company_job_code, ''), coalesce(logged.poster_email, job.poster_email), booked_at, true
  FROM (SELECT shard, reference, purpose, destination_id, of_job, booked_at, number,
               row_number() OVER (PARTITION BY of_job ORDER BY number) AS nth,
               count(*) OVER (PARTITION BY of_job) AS units
          FROM (SELECT shard, reference, purpose, destination_id, booked_at, number,
                       CASE purpose WHEN 7 THEN cause ELSE destination_id END AS of_job
                  FROM ledger_bookings
                 WHERE purpose = 7 OR destination_kind = 6) AS taken) AS used
  JOIN job_postings AS job
    ON job.shard = shard_of(of_job)
   AND job.job_id = of_job
  LEFT JOIN job_changes AS logged
    ON logged.shard = job.shard
   AND logged.job_id = of_job
   AND logged.run_number = nth
   AND logged.kind IN ('POST', 'RENEW')
 WHERE purpose = 7
 ORDER BY used.number;

-- guards -------------------------------------------------------------------------------------------------------
-- The price of a used credit is that of the list at its moment. What changes the list at a moment at which, or after
-- which, a credit was used is refused; setting the price that is in force changes nothing.

CREATE FUNCTION refuse_past_price() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.price_micros = hiring_price_at(NEW.contract_id, NEW.valid_from) THEN
            RETURN NEW;
        END IF;
        since := NEW.valid_from;
    ELSIF TG_OP = 'UPDATE' THEN
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
        since := least(OLD.valid_from, NEW.valid_from);
    ELSE
        since := OLD.valid_from;
    END IF;
    IF EXISTS (SELECT FROM credit_uses
                WHERE contract_id = coalesce(NEW.contract_id, OLD.contract_id) AND used_at >= since) THEN
        RAISE EXCEPTION 'a price list is not changed where a credit was used since %', since;
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

CREATE TRIGGER prices_stand BEFORE INSERT OR UPDATE OR DELETE ON hiring_prices
    FOR EACH ROW EXECUTE FUNCTION refuse_past_price();
