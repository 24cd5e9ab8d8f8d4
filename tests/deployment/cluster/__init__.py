"""Tests on a real cluster with Citus: `CITUS_URL=... make test-citus`."""
