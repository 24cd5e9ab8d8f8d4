"""Owns the web pages of people: members, customers, partners and operators. An edge beside the API, with the same pipeline.

Has no rule and no SQL of its own: a page shows what a flow returns, and a form calls a flow.
"""
