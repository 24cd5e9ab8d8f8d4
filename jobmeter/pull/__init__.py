"""Owns the numbers of partners outside of a server: in a table, a picture, files or a database. Does not own how they are requested."""
