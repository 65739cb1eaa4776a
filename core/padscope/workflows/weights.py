"""Weights files from a person's side: which there are, whether one fits, and making one on a PC that has a network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from padscope.errors import InputError, ModelError, OutputError
from padscope.nets.weights import (
    EMBEDDED,
    Embedded,
    brought_weights,
    fit_weights,
    found_weights,
    read_weights,
    sha256_of,
    weights_folder,
)

__all__ = ["Weights", "checked", "fetched", "listed", "weights_folder"]


@dataclass(frozen=True, slots=True)
class Weights:
    """A file and what is to be said of it; `name` is what the setting backbone (embedded) or weights (brought) takes."""

    name: str
    path: Path
    sha256: str
    word: str

    @property
    def megabytes(self) -> float:
        return self.path.stat().st_size / 1e6


def listed() -> list[Weights]:
    """Those that come along, then those of the weights folder."""
    own = [Weights(p.name, p, sha256_of(p), "yours") for p in brought_weights()]
    return [_embedded(name, e) for name, e in EMBEDDED.items()] + own


def checked(name: str, *, backbone: str | None = None, sha256: str | None = None) -> Weights:
    """Read as it would be read for use, and measured against a network and a hash where they are given; ModelError otherwise."""
    if name in EMBEDDED:
        return _embedded(name, EMBEDDED[name])
    path = found_weights(name)
    tensors, actual = read_weights(path)
    if sha256 is not None and sha256.lower() != actual:
        raise ModelError(f"{path} is another file than the one wanted: its SHA-256 is {actual}, not {sha256.lower()}.")
    word = f"{len(tensors)} tensors, {sum(t.numel() for t in tensors.values()) / 1e6:.1f} million numbers"
    if backbone is not None:
        from padscope.nets.brought import blank, translated

        net = blank(backbone)
        fit_weights(net, translated(tensors, net), path, backbone)
        word += f"; fits {backbone}"
    return Weights(path.name, path, actual, word)


def fetched(network: str, out: Path | None = None) -> Weights:
    """timm's weights of a network (perhaps with their tag, as resnet18.a1_in1k) as a .safetensors file, whole or not at all.
    InputError where they cannot be had."""
    import timm
    from safetensors.torch import save_file

    from padscope.nets.brought import outlined

    name = network.partition(".")[0]
    outlined(name)
    path = out or weights_folder() / f"{network}.safetensors"
    try:
        tensors = timm.create_model(network, pretrained=True).state_dict()
    except Exception as error:  # whatever a download can raise; the name was checked before
        said = " ".join(str(error).split()).partition(". ")[0].removesuffix(".")
        raise InputError(
            f"The weights of {network} could not be fetched ({said[:160] or type(error).__name__}); run this command on a PC "
            f"with a network, then copy the file into {weights_folder()} here."
        ) from None
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({k: v.contiguous() for k, v in tensors.items()}, temporary, metadata={"network": network})
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        temporary.unlink(missing_ok=True)
    return Weights(path.name, path, sha256_of(path), f"use it with --set backbone={name} --set weights={path.name}")


def _embedded(name: str, e: Embedded) -> Weights:
    actual = sha256_of(e.path)
    if actual != e.sha256:
        raise ModelError(
            f"The weights of {name} are damaged ({e.path}); reinstall the package {e.package.replace('_', '-')}."
        )
    return Weights(name, e.path, actual, "comes along")
