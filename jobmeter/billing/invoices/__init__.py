"""Owns monthly documents: which posting is on which one, their lines, taxes and numbers, and that they are frozen.

Does not own accounts and their settings (``billing.accounts``), or credit notes made by hand.
"""
