"""Owns a job's budget and what its clicks cost: reserve, charge inside the budget, release; the daily roll-up.

Does not own which clicks count (``jobmeter.metering``), prices (``jobmeter.contracts``) or what a job is.
It writes the ledger's charge partition in the statement that decides the charge (decision 0002).
"""
