"""Tests of the pages of a sandbox."""
