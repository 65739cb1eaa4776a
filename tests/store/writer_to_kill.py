"""A program that writes inspections until it is killed; it prints the id of each one that is safe."""

import sys

from padscope.store.database import open_or_create_project
from reference_projects import LAYOUT, a_level, a_pad_map

first = int(sys.argv[2])
with open_or_create_project(sys.argv[1]) as project:
    print("ready", flush=True)
    for seed in range(first, first + 100_000):
        row = project.add_inspection(a_pad_map(seed, pads=20), LAYOUT, a_level(seed), author="AB")
        print(row.id, seed, flush=True)
