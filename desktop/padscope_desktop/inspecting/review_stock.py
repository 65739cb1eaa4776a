"""What the review asks of a project, each as one function that runs in the keeper's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from padscope.boards.review import PadDecision
from padscope.store import reviews

if TYPE_CHECKING:
    from padscope.store.database import Project
    from padscope.store.reviews import SignatureRow
    from padscope.workflows.story import Story

Question = Callable[["Project"], "Review"]


@dataclass(frozen=True)
class Review:
    """Of one inspection (0: none is stored): all decisions in their order, and the sign-off that holds."""

    inspection: int
    decisions: tuple[PadDecision, ...]
    signature: SignatureRow | None


def told(project: Project, picture_sha256: str) -> Story:
    from padscope.workflows.story import story

    return story(project, picture_sha256)


def review(project: Project, inspection: int) -> Review:
    return Review(inspection, reviews.decisions(project, inspection), reviews.signature(project, inspection))


def decide(project: Project, inspection: int, decision: PadDecision) -> Review:
    reviews.decide(project, inspection, decision)
    return review(project, inspection)


def sign(project: Project, inspection: int, author: str) -> Review:
    reviews.sign(project, inspection, author)
    return review(project, inspection)


def reopen(project: Project, inspection: int, author: str, reason: str) -> Review:
    reviews.reopen(project, inspection, author, reason)
    return review(project, inspection)
