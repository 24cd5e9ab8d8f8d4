-- Each statement checks one law and returns how many rows it checked, how many break the law, and one of
-- those in words. A condition that is null counts as broken.

-- name: check_document_files
-- Law 16. Every issued document has its files: all but the electronic invoices, of which it has both or none;
-- or these are due. Nothing else has files.
WITH files AS (
    SELECT document_id, array_agg(format ORDER BY format) AS formats
      FROM billing_files
     GROUP BY document_id
), issued AS (
    SELECT id AS document_id
      FROM billing_documents
     WHERE digest <> ''
), looked AS (
    SELECT document_id, formats,
           issued.document_id IS NOT NULL
           AND CASE WHEN tasks.document_id IS NOT NULL THEN formats IS NULL
                    ELSE formats IN (ARRAY['csv', 'json', 'pdf', 'xlsx'],
                                     ARRAY['csv', 'json', 'pdf', 'ubl', 'xlsx', 'xml']) END AS holds
      FROM issued
      FULL JOIN files USING (document_id)
      FULL JOIN billing_file_tasks AS tasks USING (document_id)
)
SELECT count(*) AS checked,
       count(*) FILTER (WHERE holds IS NOT TRUE) AS breaches,
       min(format('document %s has the files %s', document_id, formats)) FILTER (WHERE holds IS NOT TRUE)
           AS example
  FROM looked

-- name: check_kept_files
-- Law 16. Every file that the database keeps has the bytes of its hash.
SELECT count(*) AS checked,
       count(*) FILTER (WHERE (sha256, byte_count) <> (sha256(content), length(content))) AS breaches,
       min(format('document %s as %s', document_id, format))
           FILTER (WHERE (sha256, byte_count) <> (sha256(content), length(content))) AS example
  FROM billing_files
 WHERE content IS NOT NULL
