"""Long work on a GPU that may fail in the middle: the CPU goes on from the last whole part, and a person is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from padscope.nets import devices
from padscope.types import Progress, Work

T = TypeVar("T")

GPU_FAILED = (
    "The GPU failed in the middle (its memory was full, or it was lost), so the CPU went on, slower; "
    "see `padscope doctor`."
)


class GpuOrCpu:
    """Which device the parts of a work run on; once the GPU has failed, all further parts run on the CPU."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.failed = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the whole work."""
        return (GPU_FAILED,) if self.failed else ()

    def done(self, part: Callable[[str], Work[T]]) -> Work[T]:
        """`part(device)` to its end; a part that the GPU does not finish begins anew on the CPU. What the CPU raises is raised."""
        try:
            return (yield from part(self.device))
        except Exception as error:
            if self.device == "cpu" or not devices.is_fault(error):
                raise
        self.device, self.failed = "cpu", True
        yield Progress(0, 1, "the GPU failed; the CPU goes on")
        return (yield from part("cpu"))
