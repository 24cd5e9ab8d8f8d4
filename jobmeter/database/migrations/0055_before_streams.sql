-- Apply before the code. Events may come from an existing log (Kafka, NATS JetStream): how far each partition of it has been read is committed
-- with the events and charges that were read.
CREATE TABLE stream_positions (
    stream           text        NOT NULL,
    partition        text        NOT NULL,
    -- The offset of the first message that has not been read.
    next_offset      bigint      NOT NULL CHECK (next_offset >= 0),
    -- The consumer that reads the partition, until when nobody else may; none if it is free.
    consumer         uuid,
    claimed_until    timestamptz,
    -- What was waiting in the log when the consumer looked at it last.
    messages_waiting bigint      NOT NULL DEFAULT 0 CHECK (messages_waiting >= 0),
    seen_at          timestamptz NOT NULL,
    accepted         bigint      NOT NULL DEFAULT 0,
    duplicate        bigint      NOT NULL DEFAULT 0,
    rejected         bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (stream, partition),
    CHECK ((consumer IS NULL) = (claimed_until IS NULL))
);

-- The consumers of a stream, also those that read no partition: partitions are shared among them.
CREATE TABLE stream_consumers (
    stream   text        NOT NULL,
    consumer uuid        NOT NULL,
    seen_at  timestamptz NOT NULL,
    PRIMARY KEY (stream, consumer)
);
