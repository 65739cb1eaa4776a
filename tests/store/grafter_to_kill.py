"""A program that grafts a change into a project nobody else has changed: `grafter_to_kill.py PROJECT COPY`."""

import sys
from pathlib import Path

from padscope.store.database import open_project
from padscope.store.graft import graft, marks

with open_project(sys.argv[1]) as project:
    before = marks(project)
    print("ready", flush=True)
    assert graft(project, Path(sys.argv[2]), before)
    print("done", flush=True)
