-- Apply before the code. What statements said of the table in which a row lies, or of a whole row, they say of columns: where
-- tables are distributed over nodes, each node has tables and types of its own.

-- events -------------------------------------------------------------------------------------------------------

-- The day of an event: its key begins with 48 bits of milliseconds.
CREATE FUNCTION event_day(event_key uuid) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date '1970-01-01' + (('x' || left(translate(event_key::text, '-', ''), 12))::bit(48)::bigint
                                / 86400000)::integer
$$;

-- As before, by the key of the row in place of the name of its table.
CREATE OR REPLACE FUNCTION refuse_late_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM settlement_runs WHERE day = event_day(NEW.event_key)) THEN
        RAISE EXCEPTION 'the day of this event is being settled' USING ERRCODE = 'serialization_failure',
            HINT = 'Try again: the event will be refused as too old.';
    END IF;
    RETURN NEW;
END $$;

-- seals --------------------------------------------------------------------------------------------------------
-- What is sealed of a posting and of a restatement, letter by letter as before.

CREATE FUNCTION posting_text(number bigint, shard smallint, reference uuid, purpose smallint, source_kind smallint,
                             source_id bigint, destination_kind smallint, destination_id bigint, amount bigint,
                             unit text, day date, booked_at timestamptz, cause bigint, corrects uuid)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', number, shard, reference, purpose, source_kind, source_id, destination_kind,
                     destination_id, amount, unit, day - date '1970-01-01',
                     (extract(epoch FROM booked_at) * 1000000)::bigint, cause, coalesce(corrects::text, '')) || E'\n'
$$;

CREATE FUNCTION restatement_text(number bigint, shard smallint, job_id bigint, day date, recorded_at timestamptz,
                                 cause smallint, batch bigint, reasons jsonb, partner_contract_id bigint,
                                 views integer, apply_clicks integer, clicks_charged integer,
                                 clicks_refused integer, charge_micros bigint, after_views integer,
                                 after_apply_clicks integer, after_clicks_charged integer,
                                 after_clicks_refused integer, after_charge_micros bigint)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', number, shard, job_id, day - date '1970-01-01',
                     (extract(epoch FROM recorded_at) * 1000000)::bigint, cause, batch, reasons,
                     partner_contract_id, views, apply_clicks, clicks_charged, clicks_refused, charge_micros,
                     after_views, after_apply_clicks, after_clicks_charged, after_clicks_refused,
                     after_charge_micros) || E'\n'
$$;
