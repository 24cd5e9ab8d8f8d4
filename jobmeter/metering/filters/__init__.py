"""Owns which visitors and patterns are refused at intake: the operator's policy and a partner's exclusions."""
