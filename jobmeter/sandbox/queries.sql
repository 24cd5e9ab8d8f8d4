-- name: read_offset
SELECT offset_ms
  FROM sandbox_clock

-- name: set_offset
INSERT INTO sandbox_clock (offset_ms)
VALUES (%(offset_ms)s)
    ON CONFLICT (only_one) DO UPDATE
   SET offset_ms = excluded.offset_ms
