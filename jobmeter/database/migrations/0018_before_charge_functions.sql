-- What a charge asks of a budget, by name. The planner puts both in the place of their calls.

-- How many of the wanted clicks the budget still pays; none of a job that is never charged for a click.
-- Of plain numbers, not of the row: a distributed database cannot ship a row's type to its nodes.
CREATE FUNCTION affordable_clicks(left_micros bigint, price_micros bigint, wanted integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT least(wanted, coalesce(left_micros / nullif(price_micros, 0), 0))
$$;

-- Whether what was used of a limit has now come to a share at which its partner may be alerted: half, 80 %, all.
CREATE FUNCTION crosses_alert(before_micros bigint, after_micros bigint, limit_micros bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT before_micros * 2 < limit_micros AND after_micros * 2 >= limit_micros
        OR before_micros * 5 < limit_micros * 4 AND after_micros * 5 >= limit_micros * 4
        OR before_micros < limit_micros AND after_micros >= limit_micros
$$;
