"""Owns what contracts used in a month so far, and what they will have used at its end. Not what is invoiced."""
