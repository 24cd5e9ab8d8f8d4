-- Apply before the code. The events of candidates who come at the same moment are recorded by one statement: what it
-- needs of others by name.

-- jobs ---------------------------------------------------------------------------------------------------------
-- Where people apply: at an address, or by e-mail to the poster of a job that has none.
CREATE FUNCTION apply_address(apply_url text, poster_email text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN apply_url = '' AND poster_email <> '' THEN 'mailto:' || poster_email ELSE apply_url END
$$;

-- Where the apply link of a job leads, and whether it is still active.
CREATE VIEW apply_targets AS
SELECT shard, job_id, apply_address(apply_url, poster_email) AS apply_url,
       state = 'LIVE' AND coalesce(content ->> 'availability', 'PUBLIC') = 'PUBLIC' AS is_live
  FROM job_postings;

-- charging -----------------------------------------------------------------------------------------------------
-- Takes back a statement that was judged by what has changed since: it has recorded nothing, and may be sent again.
CREATE FUNCTION require_current(is_current boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_current THEN
        RAISE EXCEPTION 'a live window has changed since events were judged by it'
            USING ERRCODE = 'serialization_failure', HINT = 'Judge the events again.';
    END IF;
    RETURN true;
END $$;
