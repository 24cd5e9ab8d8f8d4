"""Owns the laws of jobs: who pays for a job, its state, window, slot, element, tasks, campaign, feed and log."""
