"""The states of a label: how far the mask of a picture has come."""

from __future__ import annotations

STATES = ("draft", "done", "accepted", "rejected")
"""Being painted, finished by its author, agreed to or refused by a reviewer."""
LOCKED = ("accepted", "rejected")
"""What a reviewer has decided on stays as it is until somebody reopens it."""
WORDS = {"draft": "draft", "done": "finished", "accepted": "reviewed", "rejected": "rejected"}
"""What a person reads."""
