"""The common edge over HTTP: protocol, credentials, limits, repeats, the OpenAPI document."""
