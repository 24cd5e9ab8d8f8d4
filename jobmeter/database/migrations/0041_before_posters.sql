-- Apply before the code. Fills the posters of jobs that are posted already from their elements, and the applications of logged
-- changes. In a migration of its own: only rows are locked, batch by batch, and each batch has a time-out of its own.

CREATE FUNCTION fill_members(since integer, until integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    filled bigint[];
BEGIN
    -- In the order in which rows of several jobs are locked everywhere, to prevent deadlocks.
    SELECT array_agg(job_id)
      INTO filled
      FROM (SELECT job_id
              FROM job_postings
             WHERE shard BETWEEN since AND until
               AND channel <> 'XML'
               AND poster_email
                   <> lower(coalesce(content ->> 'posterEmail', content ->> 'poster_email', ''))
             ORDER BY shard, job_id
               FOR UPDATE) AS found;
    UPDATE job_postings
       SET poster_email = lower(coalesce(content ->> 'posterEmail', content ->> 'poster_email', ''))
     WHERE shard BETWEEN since AND until
       AND job_id = ANY(filled);
    UPDATE job_changes
       SET application_id = job_postings.application_id
      FROM job_postings
     WHERE job_changes.shard BETWEEN since AND until
       AND job_changes.application_id IS NULL
       AND job_postings.shard = job_changes.shard
       AND job_postings.job_id = job_changes.job_id;
END $$;

SELECT fill_members(0, 7);
SELECT fill_members(8, 15);
SELECT fill_members(16, 23);
SELECT fill_members(24, 31);
SELECT fill_members(32, 39);
SELECT fill_members(40, 47);
SELECT fill_members(48, 55);
SELECT fill_members(56, 63);
SELECT fill_members(64, 71);
SELECT fill_members(72, 79);
SELECT fill_members(80, 87);
SELECT fill_members(88, 95);
SELECT fill_members(96, 103);
SELECT fill_members(104, 111);
SELECT fill_members(112, 119);
SELECT fill_members(120, 127);
SELECT fill_members(128, 135);
SELECT fill_members(136, 143);
SELECT fill_members(144, 151);
SELECT fill_members(152, 159);
SELECT fill_members(160, 167);
SELECT fill_members(168, 175);
SELECT fill_members(176, 183);
SELECT fill_members(184, 191);
SELECT fill_members(192, 199);
SELECT fill_members(200, 207);
SELECT fill_members(208, 215);
SELECT fill_members(216, 223);
SELECT fill_members(224, 231);
SELECT fill_members(232, 239);
SELECT fill_members(240, 247);
SELECT fill_members(248, 255);

DROP FUNCTION fill_members;
