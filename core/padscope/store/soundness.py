"""Whether every stored part of a project is what it was: its file, histories, pad maps, levels, masks, strokes and models."""

from __future__ import annotations

import tempfile
from pathlib import Path

from padscope.errors import ModelError, StoreError
from padscope.store import audit
from padscope.store.artifacts import SUFFIX, load_model
from padscope.store.database import Project
from padscope.store.histories import merged_history
from padscope.store.labels import label_damages


def all_damages(project: Project) -> tuple[str, ...]:
    """One sentence for everything that is wrong; empty where all is well. Reads all of the project, and repaints its labels."""
    return (*project.damages(), *label_damages(project), *_histories(project), *_models(project))


def _histories(project: Project) -> list[str]:
    names = [r["project_uid"] for r in project.rows("SELECT DISTINCT project_uid FROM merged_history ORDER BY 1")]
    breaks = [(name, audit.first_break(merged_history(project, name))) for name in names]
    return [f"The history of the merged project {name} does not hold: {what}." for name, what in breaks if what]


def _models(project: Project) -> list[str]:
    """Of those whose file is kept; each is opened as a file of its own, as somebody would who saves it beside the project."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"model{SUFFIX}"
        for row in project.models():
            if not row.kept:
                continue
            try:
                file.write_bytes(project.model_file(row.sha256))
                load_model(file, expected_sha256=row.sha256)
            except (ModelError, StoreError):
                name = Path(row.path).name
                found.append(f"The kept file of the model {name} in {project.path} is damaged; add the model again.")
    return found
