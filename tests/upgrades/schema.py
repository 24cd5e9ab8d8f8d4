"""Owns describing a database's schema, so that two can be compared. Partitions of days are excluded."""

import psycopg

DESCRIBE = r"""
WITH described AS (
    SELECT oid, relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relname !~ '^events_\d{8}')
SELECT 'column', relname, attname,
       concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
                 nullif(attidentity, ''), nullif(attgenerated, ''), pg_get_expr(adbin, adrelid))
  FROM described
  JOIN pg_attribute ON attrelid = described.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 UNION ALL
SELECT 'constraint', relname, conname, pg_get_constraintdef(pg_constraint.oid)
  FROM described JOIN pg_constraint ON conrelid = described.oid
 UNION ALL
SELECT 'index', relname, '', pg_get_indexdef(described.oid)
  FROM described JOIN pg_index ON indexrelid = described.oid
 UNION ALL
SELECT 'trigger', relname, tgname, pg_get_triggerdef(pg_trigger.oid)
  FROM described JOIN pg_trigger ON tgrelid = described.oid
 WHERE NOT tgisinternal
 UNION ALL
SELECT 'table', relname, relkind::text, concat_ws(' ', pg_get_partkeydef(pg_class.oid),
                                                   pg_get_expr(relpartbound, pg_class.oid), reloptions::text)
  FROM described JOIN pg_class USING (oid, relname)
 UNION ALL
SELECT 'function', proname, pg_get_function_identity_arguments(oid), pg_get_functiondef(oid)
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
 ORDER BY 1, 2, 3, 4
"""


def describe_schema(connection: psycopg.Connection) -> list[tuple[str, str, str, str]]:
    """Returns a row for each column, constraint, index, trigger, table and function, without the order of columns."""
    return connection.execute(DESCRIBE).fetchall()
