"""The tests that `make test-slow` adds: crashes and large data."""
