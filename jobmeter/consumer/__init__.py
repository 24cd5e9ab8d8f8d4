"""Owns reading events from a log, Kafka or NATS JetStream: its address, the connection, the loop that records what it reads.

Does not own positions, or recording (``jobmeter.metering.streams``).
"""
