"""Owns the endpoints of who may use the installation: named keys of programs, people. One file per URL."""
