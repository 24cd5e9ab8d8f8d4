-- name: sum_month
SELECT documents.currency, count(*) AS invoices, sum(net_micros + tax_micros)::bigint AS total_micros,
       sum(credited_micros)::bigint AS credited_micros, sum(paid_micros)::bigint AS paid_micros
  FROM billing_documents AS documents
  JOIN billing_balances ON billing_balances.document_id = documents.id
 WHERE documents.month = %(month)s
   AND documents.kind = 'INVOICE'
   AND digest <> ''
 GROUP BY documents.currency
 ORDER BY documents.currency
