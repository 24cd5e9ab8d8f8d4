"""Tests of people: their roles, how they log in, their sessions and mails."""
