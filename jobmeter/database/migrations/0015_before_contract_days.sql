-- Apply before the code. A budget report reads what is final from one row for each contract and day.

-- contract days ------------------------------------------------------------------------------------------------
-- What the jobs of a contract were charged on each day up to `kept_through` of `job_month_keeping`: days that do not
-- change any more. A copy of `job_days`, which stay the record; `db check` compares the two. Days that were folded
-- before are the row of 1970.

CREATE TABLE contract_days (
    partner_contract_id bigint NOT NULL,
    day                 date   NOT NULL,
    charge_micros       bigint NOT NULL,
    PRIMARY KEY (partner_contract_id, day)
);

INSERT INTO contract_days (partner_contract_id, day, charge_micros)
SELECT partner_contract_id, day, sum(charge_micros)
  FROM job_days
 WHERE day <= (SELECT kept_through FROM job_month_keeping)
 GROUP BY partner_contract_id, day;
