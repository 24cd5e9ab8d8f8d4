"""What all endpoints share, over HTTP: protocol, credentials, limits, idempotency, the OpenAPI document."""
