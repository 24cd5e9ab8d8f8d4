"""Owns payment providers: links to pay an invoice, refunds, and the events by which they report payments.

Does not own payments: what an event reports is recorded by ``payments``.
"""
