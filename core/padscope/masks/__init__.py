"""Painted defect classes: the sparse mask, shapes drawn into it, and edits that can be undone."""
