"""Events that come from a log: positions, NATS JetStream, Kafka, and the command."""
