"""Model files: a detector, its calibration and how its tiles were cut, in one `.padmodel` file that is checked when opened.

The file is a safetensors file (https://github.com/huggingface/safetensors, format: 8 bytes header length, JSON header, raw
tensors) whose metadata hold a JSON manifest and a SHA-256 over manifest and arrays. It holds no code to execute.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from padscope.calibration import Calibration, calibration_from_json, calibration_to_json
from padscope.errors import ModelError, OutputError

SUFFIX = ".padmodel"
FORMAT = "padscope-model"
SCHEMA = 1
LONGEST_HEADER = 100_000_000
"""Bytes; the limit that safetensors itself sets."""


@dataclass(frozen=True)
class ModelFacts:
    """What a model is, without what it has learned. All dicts hold plain JSON values.

    config       the detector's settings
    preparation  how tiles were cut and surrounded; owned by the workflow that cuts them
    facts        when, from what and with which software it was trained, and how it scored
    """

    detector: str
    detector_version: int
    config: dict[str, Any]
    calibration: Calibration
    preparation: dict[str, Any]
    facts: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Model(ModelFacts):
    """A whole model; two are the same when their `sha256` is."""

    arrays: dict[str, NDArray[np.generic]]

    @cached_property
    def sha256(self) -> str:
        """Of the content (manifest and arrays), so that the same model has the same hash on every machine."""
        return content_sha256(_manifest(self), self.arrays)


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A line in a list of models; `sha256` is what the file claims, checked only by `load_model`."""

    path: Path
    size_bytes: int
    sha256: str
    model: ModelFacts


def save_model(model: Model, path: Path | str) -> Path:
    """Write the model; what stood there before stays until the new file is complete. OutputError where it cannot be written."""
    path = Path(path)
    manifest = _manifest(model)
    arrays = {name: np.array(a, order="C", copy=None) for name, a in model.arrays.items()}
    metadata = {"format": FORMAT, "sha256": model.sha256, "manifest": manifest}
    _replace(path, safetensors.numpy.save(arrays, metadata))
    return path


def load_model(
    path: Path | str, *, versions: Mapping[str, int] | None = None, expected_sha256: str | None = None
) -> Model:
    """The model, or ModelError. `versions` says which version of each detector this program has; `expected_sha256` which model
    is wanted (a result names the one it was made with). The bytes that are checked are the bytes that are used."""
    return read_model(path, versions=versions, expected_sha256=expected_sha256)[0]


def read_model(
    path: Path | str, *, versions: Mapping[str, int] | None = None, expected_sha256: str | None = None
) -> tuple[Model, bytes]:
    """The same, with the bytes of the file that were checked: whoever keeps the file keeps these."""
    path = Path(path)
    data = _bytes(path)
    metadata = _metadata(path, data[:8], data[8:], len(data))
    try:
        arrays = safetensors.numpy.load(data)
    except Exception as error:  # safetensors raises several kinds, and KeyError for an unknown dtype
        raise ModelError(
            f"The model file {path} is damaged ({error}); copy it again or train the model again."
        ) from None
    actual = content_sha256(metadata["manifest"], arrays)
    if actual != metadata["sha256"]:
        raise ModelError(
            f"The model file {path} is damaged or was changed: its content should hash to {metadata['sha256']} but hashes to "
            f"{actual}; copy it again or train the model again."
        )
    if expected_sha256 is not None and actual != expected_sha256:
        raise ModelError(f"The model file {path} is another model ({actual}) than the one wanted ({expected_sha256}).")
    known = _read_manifest(path, metadata["manifest"])
    _check_version(path, known, versions)
    model = Model(
        known.detector,
        known.detector_version,
        known.config,
        known.calibration,
        known.preparation,
        known.facts,
        arrays,
    )
    return model, data


def describe_model(path: Path | str) -> ModelSummary:
    """What a list of models shows, read from the head of the file alone; the arrays are neither read nor checked."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            metadata = _metadata(path, start, file.read(_header_length(start, size)), size)
    except OSError as error:
        raise _unreadable(path, error) from None
    return ModelSummary(path, size, metadata["sha256"], _read_manifest(path, metadata["manifest"]))


def content_sha256(manifest: str, arrays: Mapping[str, NDArray[np.generic]]) -> str:
    """SHA-256 over the manifest text and, in order of name, each array's name, dtype, shape and little-endian C-order bytes."""
    digest = hashlib.sha256()
    _update(digest, manifest.encode())
    for name in sorted(arrays):
        array = arrays[name]
        little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        _update(digest, name.encode())
        _update(digest, f"{array.dtype.name}{list(array.shape)}".encode())
        _update(digest, little.tobytes() if little.size == 0 else little.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _update(digest: hashlib._Hash, part: bytes | memoryview) -> None:
    """With its length before it, so that no two lists of parts run into the same bytes."""
    digest.update(len(part).to_bytes(8, "little"))
    digest.update(part)


def _manifest(model: ModelFacts) -> str:
    """Canonical JSON: sorted keys, no blanks; ValueError where a value is NaN or not JSON's."""
    values = {
        "schema": SCHEMA,
        "detector": model.detector,
        "detector_version": model.detector_version,
        "config": model.config,
        "calibration": calibration_to_json(model.calibration),
        "preparation": model.preparation,
        "facts": model.facts,
    }
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def _read_manifest(path: Path, manifest: str) -> ModelFacts:
    try:
        values = json.loads(manifest)
        schema = int(values["schema"])
        if schema > SCHEMA:
            raise ModelError(
                f"The model file {path} has schema {schema}, written by a newer Padscope; this one reads up to {SCHEMA}, "
                f"update Padscope."
            )
        return ModelFacts(
            detector=str(values["detector"]),
            detector_version=int(values["detector_version"]),
            config=dict(values["config"]),
            calibration=calibration_from_json(values["calibration"]),
            preparation=dict(values["preparation"]),
            facts=dict(values["facts"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"The model file {path} is damaged (manifest: {error!r}); copy it again.") from None


def _check_version(path: Path, model: ModelFacts, versions: Mapping[str, int] | None) -> None:
    if versions is None:
        return
    if model.detector not in versions:
        raise ModelError(
            f"The model file {path} needs the detector “{model.detector}”, which this Padscope does not have."
        )
    have = versions[model.detector]
    if model.detector_version != have:
        raise ModelError(
            f"The model file {path} was trained by version {model.detector_version} of {model.detector}, this Padscope has "
            f"version {have}; train the model again."
        )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> ModelError:
    if path.is_dir():
        return ModelError(f"{path} is a folder, not a model file; choose a file ending in {SUFFIX}.")
    if isinstance(error, FileNotFoundError):
        return ModelError(f"There is no model file {path}.")
    return ModelError(f"The model file {path} cannot be read: {error.strerror or error}.")


def _header_length(start: bytes, size: int) -> int:
    """What the first eight bytes promise, if the file can hold it; else 0."""
    length = int.from_bytes(start, "little")
    return length if len(start) == 8 and length <= min(size - 8, LONGEST_HEADER) else 0


def _metadata(path: Path, start: bytes, rest: bytes, size: int) -> dict[str, str]:
    """The three words of our metadata, or ModelError where this is no model file of ours."""
    if size == 0:
        raise ModelError(f"The model file {path} is empty (0 bytes); copy it again or train the model again.")
    try:
        header = json.loads(rest[: _header_length(start, size)])
        metadata = header["__metadata__"]
        if metadata["format"] != FORMAT or set(metadata) != {"format", "sha256", "manifest"}:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelError(f"{path} is not a Padscope model file, or its beginning is damaged.") from None
    return metadata


def _replace(path: Path, data: bytes) -> None:
    """Whole or not at all: written beside the goal, forced to disk, then renamed over it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"The model cannot be written to {path}: {error.strerror or error}.") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
