"""Which device the networks run on, and how it is named to a person."""

from __future__ import annotations

import torch

from padscope.errors import DeviceError, InputError, UsageError

FAULTS = (DeviceError, torch.OutOfMemoryError, torch.AcceleratorError)
"""What is raised where a GPU is full, was lost or failed in the middle of its work; the CPU is asked then."""

LIBRARIES = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "cuDNN error", "cuSOLVER error")
"""In the words of a RuntimeError: faults that torch hands on from a library without a class of their own."""

WANTED = ("auto", "cpu", "cuda")


def is_fault(error: Exception) -> bool:
    """Whether a GPU failed, and not what it was asked to do."""
    return isinstance(error, FAULTS) or (isinstance(error, RuntimeError) and any(w in str(error) for w in LIBRARIES))


def is_full(error: Exception) -> bool:
    """Whether a GPU's memory did not suffice; half of the work may fit."""
    return isinstance(error, torch.OutOfMemoryError) or "CUBLAS_STATUS_ALLOC_FAILED" in str(error)


def chosen(wanted: str = "auto") -> str:
    """ "cuda" or "cpu"; InputError where CUDA is asked for and absent, UsageError for an unknown word."""
    if wanted not in WANTED:
        raise UsageError(f"There is no device “{wanted}”; the devices are {', '.join(WANTED)}.")
    found = torch.cuda.is_available()
    if wanted == "cuda" and not found:
        raise InputError("No CUDA device was found; use --device cpu or auto, or see `padscope doctor`.")
    return "cuda" if found and wanted != "cpu" else "cpu"


def described(device: str, wanted: str = "auto") -> str:
    """What the status bar says: "NVIDIA RTX A2000" or "CPU, 4 threads (no GPU found)"."""
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    why = "" if wanted == "cpu" else " (no GPU found)"
    return f"CPU, {torch.get_num_threads()} threads{why}"
