-- Apply before the code. Posters of jobs of every API are stored and have their jobs listed; the log of changes names the
-- application of the job.

-- posters ------------------------------------------------------------------------------------------------------
-- In lower case. A server of the version before stores none of the JSON API's, and those of feeds as they are written;
-- what this version stores is left as it is.

CREATE FUNCTION keep_poster() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.poster_email := lower(coalesce(NEW.content ->> 'posterEmail', NEW.content ->> 'poster_email', ''));
    RETURN NEW;
END $$;

CREATE TRIGGER posters_are_kept BEFORE INSERT OR UPDATE OF content ON job_postings
    FOR EACH ROW WHEN (NEW.channel <> 'XML'
                       AND NEW.poster_email IS DISTINCT FROM
                           lower(coalesce(NEW.content ->> 'posterEmail', NEW.content ->> 'poster_email', '')))
    EXECUTE FUNCTION keep_poster();

-- Lists of jobs, newest first: of a poster, and of a hiring contract.
DROP INDEX job_posters;
CREATE INDEX job_posters ON job_postings (poster_email, job_id) WHERE poster_email <> '';
CREATE INDEX jobs_of_hiring_contract ON job_postings (hiring_contract_id, job_id)
 WHERE hiring_contract_id IS NOT NULL;

-- changes ------------------------------------------------------------------------------------------------------

ALTER TABLE job_changes ADD COLUMN application_id bigint;
CREATE INDEX job_changes_in_order ON job_changes (application_id, made_at, job_id, revision, kind);

CREATE FUNCTION keep_owner_of_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT application_id
      INTO NEW.application_id
      FROM job_postings
     WHERE shard = NEW.shard
       AND job_id = NEW.job_id;
    RETURN NEW;
END $$;

CREATE TRIGGER owners_are_kept BEFORE INSERT ON job_changes
    FOR EACH ROW WHEN (NEW.application_id IS NULL) EXECUTE FUNCTION keep_owner_of_change();
