"""Owns budget alerts: at 50, 80 and 100 % of the budget of a job and of a contract."""
