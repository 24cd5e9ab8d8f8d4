"""Owns accounts: who issues and receives documents, what an account bills and at which tax rates. Not the documents."""
