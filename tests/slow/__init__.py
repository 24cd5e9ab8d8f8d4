"""What `make test-slow` adds: crashes and large data."""
