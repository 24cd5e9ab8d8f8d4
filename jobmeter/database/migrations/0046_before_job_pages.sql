-- Apply before the code. The page of a job lists its tasks.

CREATE INDEX tasks_of_job ON job_tasks (shard, job_id) WHERE job_id IS NOT NULL;
