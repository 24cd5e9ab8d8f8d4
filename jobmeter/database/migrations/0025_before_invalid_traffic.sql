-- Apply before the code. Filters for user agents that are no browser's and for bursts; which lists judged a day.

ALTER TABLE filter_policies
    ADD COLUMN refuses_non_browsers  boolean  NOT NULL DEFAULT false,
    ADD COLUMN counts_absent_agents  boolean  NOT NULL DEFAULT true,
    ADD COLUMN refuses_bursts        boolean  NOT NULL DEFAULT false,
    ADD COLUMN burst_window_seconds  integer  NOT NULL DEFAULT 60 CHECK (burst_window_seconds BETWEEN 1 AND 3600),
    ADD COLUMN visitor_clicks_max    integer  NOT NULL DEFAULT 10 CHECK (visitor_clicks_max > 0),
    ADD COLUMN network_clicks_max    integer  NOT NULL DEFAULT 100 CHECK (network_clicks_max > 0);

-- Clicks of the last hours by visitor (kind 1) and by network (2), of contracts that refuse bursts. A window begins
-- at `window_ms`.
CREATE TABLE recent_clicks (
    window_ms   bigint   NOT NULL,
    contract_id bigint   NOT NULL,
    kind        smallint NOT NULL,
    subject     bigint   NOT NULL,
    clicks      integer  NOT NULL CHECK (clicks > 0),
    PRIMARY KEY (window_ms, contract_id, kind, subject)
);

-- The versions of the lists by which intake judged the user agents of a day. A later list changes no verdict.
CREATE TABLE day_filter_lists (
    day           date        NOT NULL,
    lists         text        NOT NULL,
    first_used_at timestamptz NOT NULL,
    PRIMARY KEY (day, lists)
);
