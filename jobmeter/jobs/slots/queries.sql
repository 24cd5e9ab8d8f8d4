-- name: find_slot_holder
SELECT hiring_contract_id, run_number
  FROM job_postings
 WHERE shard = %(shard)s
   AND job_id = %(job_id)s
   AND hiring_contract_id IS NOT NULL
