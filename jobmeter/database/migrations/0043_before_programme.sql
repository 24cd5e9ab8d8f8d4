-- Apply before the code. The operator's pages: clicks that did not count, of all tenants by day; when each chore ran last.

-- Rows are added in the order of their days, nearly: a block range index finds those of a week at next to no cost to intake.
CREATE INDEX job_day_refusals_of_day ON job_day_refusals USING brin (day) WITH (pages_per_range = 16, autosummarize = on);

CREATE TABLE chore_runs (
    name      text        PRIMARY KEY,
    ran_at    timestamptz NOT NULL,
    worked_at timestamptz,
    failed_at timestamptz
);
