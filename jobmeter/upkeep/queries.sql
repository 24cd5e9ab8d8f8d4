-- name: save_runs
-- Several processes run chores; the latest run of any of them counts. In the order of names, so that two of
-- them wait for each other in one order.
INSERT INTO chore_runs AS kept (name, ran_at, worked_at, failed_at)
SELECT name, ran_at, worked_at, failed_at
  FROM unnest(%(name)s::text[], %(ran_at)s::timestamptz[], %(worked_at)s::timestamptz[],
              %(failed_at)s::timestamptz[]) AS ran (name, ran_at, worked_at, failed_at)
 ORDER BY name
    ON CONFLICT (name) DO UPDATE
   SET ran_at = greatest(kept.ran_at, excluded.ran_at),
       worked_at = greatest(kept.worked_at, excluded.worked_at),
       failed_at = greatest(kept.failed_at, excluded.failed_at)

-- name: list_runs
SELECT name, ran_at, worked_at, failed_at
  FROM chore_runs
 ORDER BY name
