"""Tests of the pages about people: the log-in, the account, a partner's people."""
