-- Apply before the code. Events of a batch are found without reading their day.

-- events -------------------------------------------------------------------------------------------------------
-- A batch's events lie together, so a block range index finds them at next to no cost to intake.

CREATE INDEX events_by_batch ON events USING brin (batch) WITH (pages_per_range = 32, autosummarize = on);
