-- name: read_place
-- Where the server keeps its data, and so its process number.
SHOW data_directory

-- name: read_log_position
SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint

-- name: sum_table_bytes
-- A table with its indexes and partitions.
SELECT coalesce(sum(pg_total_relation_size(relid)), pg_total_relation_size(%(name)s::regclass))::bigint
  FROM pg_partition_tree(%(name)s::regclass)
 WHERE isleaf

-- name: count_rows
SELECT (SELECT count(*) FROM charge_postings),
       (SELECT count(*) FROM job_days),
       (SELECT count(*) FROM job_months)

-- name: count_database_bytes
SELECT pg_database_size(current_database())

-- name: count_unfinished
-- Jobs that are not in the lists yet, whose tasks run before.
SELECT %(jobs)s - (SELECT count(*) FROM listed_jobs)

-- name: tidy
-- What autovacuum would do within a minute belongs to none of the costs.
VACUUM ANALYZE
