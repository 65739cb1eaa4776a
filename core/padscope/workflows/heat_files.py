"""Level grids as files for scripts: one for each picture of a board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from padscope.pictures.files import stem_of
from padscope.types import Floats


def write_heat(folder: Path, stem: str, grids: Sequence[tuple[Path, Floats]]) -> list[str]:
    """STEM.heat.npz for the picture that gave the pad map its name, STEM.OTHER.heat.npz for each further one, OTHER being the stem
    of its file; every one holds `level`, float16, one value per 8 px cell of its picture. The names written, in order."""
    namesake = next((k for k, (picture, _) in enumerate(grids) if stem_of(picture) == stem), 0)
    names: list[str] = []
    for k, (picture, level) in enumerate(grids):
        name = f"{stem}.heat.npz" if k == namesake else f"{stem}.{stem_of(picture)}.heat.npz"
        if name in names:  # two pictures from two folders may share a name
            name = f"{stem}.{stem_of(picture)}-{k + 1}.heat.npz"
        np.savez_compressed(folder / name, level=np.asarray(level).astype(np.float16))
        names.append(name)
    return names
