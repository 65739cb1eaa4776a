"""Where the files of `resources/` are: in a checkout, in an installed wheel, in the frozen application."""

from __future__ import annotations

import site
import sysconfig
from pathlib import Path

from padscope.errors import PadscopeError

HERE = Path(__file__).resolve()
PLACES = (
    HERE.parents[2] / "resources",  # a checkout: core/padscope beside resources
    HERE.parents[1] / "resources",  # frozen: the installer puts resources beside the packages
    Path(sysconfig.get_path("data")) / "share" / "padscope",  # a wheel, see data-files in pyproject.toml
    Path(site.getuserbase()) / "share" / "padscope",  # a wheel installed for one user
)


def resource(*parts: str) -> Path:
    """The path of a packaged file or folder, as in `resource("rules", "standard.toml")`; PadscopeError if it was not installed."""
    for place in PLACES:
        path = place.joinpath(*parts)
        if path.exists():
            return path
    raise PadscopeError(f"The packaged file {'/'.join(parts)} is missing; install Padscope again.")
