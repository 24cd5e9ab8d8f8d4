"""Owns limits on requests from any sender: calls per day, and stored responses for repeated requests.

Does not own the meaning of requests; it knows applications by number and responses as sealed bytes.
"""
