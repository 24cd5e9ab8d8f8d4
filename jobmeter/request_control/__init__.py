"""Owns what holds back a request whoever sends it: calls a day, and a repeated request's first answer.

Does not own the requests' meaning; it knows applications by number and answers as sealed bytes.
"""
