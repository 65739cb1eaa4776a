"""Inspect mode: verdicts, landing points, review."""
