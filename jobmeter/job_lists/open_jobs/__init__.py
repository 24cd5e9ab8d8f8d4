"""Owns what candidates and search engines find: live jobs that are for the public, newest first, and by file of a sitemap."""
