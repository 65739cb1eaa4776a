"""What all layout files share: bytes to text with a clear word about what is wrong, and writing nothing by half."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

from padscope.errors import LayoutError, OutputError

LARGEST_UM = 1e7
"""No board is larger than ten metres; a larger number has another unit."""
MOST_WIRES = 1000
"""On one pad; more is a slip of the pen."""
LARGEST_BYTES = 256 * 2**20


def read_bytes(path: Path) -> bytes:
    """The whole file; LayoutError where there is none, or it cannot be a layout."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise LayoutError(f"{path.name} is larger than {LARGEST_BYTES >> 20} MB; this is not a layout.")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise LayoutError(f"There is no layout file {path}; check its name.") from None
    except OSError as error:
        raise LayoutError(f"The layout file {path} cannot be read ({error.strerror}).") from None
    if not raw.strip():
        raise LayoutError(f"{path.name} is empty; a layout needs at least one pad.")
    return raw


def text_of(path: Path, raw: bytes) -> str:
    """UTF-8 with or without a byte order mark; LayoutError for anything else, naming the line."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LayoutError(f"{path.name} is UTF-16 text; save it as UTF-8.")
    if b"\0" in raw:
        raise LayoutError(f"{path.name} is not a text file; choose a layout file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise LayoutError(f"{path.name}, line {line}: this is not UTF-8 text; save the file as UTF-8.") from None


def written_whole(path: Path, content: str | bytes) -> None:
    """Replace `path` by this content at once, so that a reader never sees half of it; OutputError if it cannot be."""
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(temporary, "xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another place.") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
