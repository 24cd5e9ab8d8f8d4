-- Apply before the code. Events of a batch are found without reading their day.

-- events -------------------------------------------------------------------------------------------------------
-- A batch's events lie together, so a block range index finds them at next to no cost to intake.

CREATE INDEX events_by_batch ON events USING brin (batch) WITH (pages_per_range = 32, autosummarize = on);

-- report days --------------------------------------------------------------------------------------------------
-- Days of a job that reports no longer show are folded into one row, dated 1 January 1970, in which their sums live
-- on: what a job or a contract was ever charged stays a sum over its rows. All days before `folded_before` are folded,
-- or about to be.

CREATE TABLE job_day_folds (
    only_one      boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    folded_before date    NOT NULL
);
