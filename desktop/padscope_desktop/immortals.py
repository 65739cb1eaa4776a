"""Keep None, True and False alive under a Qt binding that gives them away.

The abi3 wheels of PySide6 6.12.0 return None, True and False without owning a reference, as is right from Python 3.12 on,
where they are immortal (PEP 683). Under 3.11 each such call drops one reference, and after some ten thousand calls, a minute
of mouse moves, Python aborts with “none_dealloc: deallocating None”. 6.11.3 does not do it (`tests/desktop/test_immortals.py`).
"""

from __future__ import annotations

import ctypes
import sys

ENOUGH = 1 << 60
"""References that no program can use up."""


def make_constants_immortal() -> None:
    """Does nothing where the interpreter has already done it, or counts references in another way."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython" or sys.maxsize < ENOUGH:
        return
    for constant in (None, True, False):
        references = ctypes.c_ssize_t.from_address(id(constant))  # the first word of an object, but in debug builds
        if abs(references.value - sys.getrefcount(constant)) <= 8 and references.value < ENOUGH:
            references.value += ENOUGH
