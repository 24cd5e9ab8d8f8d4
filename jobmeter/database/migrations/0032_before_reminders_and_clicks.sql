-- Apply before the code. Reminders are looked for once a day, among invoices that can be due for one; the clicks
-- of a job on a final day are found by an index.

-- The last day on which all reminders were sent, and by which setting; one row.
CREATE TABLE billing_reminder_rounds (
    only_one         boolean   PRIMARY KEY DEFAULT true CHECK (only_one),
    reminder_days    text      NOT NULL,
    reminded_through date      NOT NULL
);

CREATE INDEX billing_invoices_due ON billing_documents (due_on) WHERE due_on IS NOT NULL;

-- What opens a paid invoice again.
CREATE INDEX billing_allocations_released ON billing_allocations (allocated_at) WHERE amount_micros < 0;

-- A day that is final gets no more events: its clicks are indexed once, which costs intake nothing. 1 is an
-- apply click.
CREATE FUNCTION index_event_day(indexed date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition_name text := 'events_' || to_char(indexed, 'YYYYMMDD');
BEGIN
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (shard, job_id, event_key) WHERE kind = 1',
                   partition_name || '_by_job', partition_name);
END $$;
