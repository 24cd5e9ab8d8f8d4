"""Tests of one room each; the folders mirror the package."""
