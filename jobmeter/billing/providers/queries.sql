-- name: is_event_taken
SELECT EXISTS (SELECT
                 FROM billing_provider_events
                WHERE provider = %(provider)s
                  AND event_id = %(event_id)s)

-- name: insert_provider_event
INSERT INTO billing_provider_events (provider, event_id, kind, payment_id, outcome, taken_at)
VALUES (%(provider)s, %(event_id)s, %(kind)s, %(payment_id)s, %(outcome)s, %(now)s)
    ON CONFLICT DO NOTHING
RETURNING event_id
