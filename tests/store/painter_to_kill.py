"""A program that paints until it is killed; it prints the id of each stroke that is safe."""

import itertools
import sys

from padscope.masks.edits import apply
from padscope.store.database import open_project
from padscope.store.labels import commit_edit, edits, load_mask
from reference_projects import a_stroke

label = int(sys.argv[2])
with open_project(sys.argv[1]) as project:
    mask = load_mask(project, label)
    print("ready", flush=True)
    for id in itertools.count(len(edits(project, label)) + 1):
        edit = a_stroke(mask, id)
        row = commit_edit(project, label, edit, tool="brush", author="AB")
        apply(mask, edit)
        assert row is not None
        assert row.id == id
        print(row.id, flush=True)
