"""Networks with weights of one's own: what fits, what does not and why, transformers over pictures of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from padscope.configs import BackboneConfig
from padscope.errors import ModelError, UsageError
from padscope.nets import brought, choice, weights
from padscope.nets.choice import backbone_of, levels_of

CNN, VIT, DINO = "resnet18", "vit_tiny_patch16_224", "vit_small_patch14_dinov2"


def random_weights(name: str, path: Path, seed: int = 0) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    tensors = {k: v.clone() for k, v in timm.create_model(name, pretrained=False).state_dict().items()}
    for key, value in tensors.items():  # so that folding normalisations has something to fold
        if key.endswith("running_mean"):
            value.normal_(0, 0.1)
        if key.endswith("running_var"):
            value.uniform_(0.5, 2)
    save_file(tensors, path)
    return tensors


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(weights.FOLDER, str(tmp_path))
    return tmp_path


def noise(h: int, w: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, h, w, generator=torch.Generator().manual_seed(seed))


def test_a_brought_network_gives_the_maps_timm_gives(folder: Path) -> None:
    tensors = random_weights(CNN, folder / "mine.safetensors")
    backbone = backbone_of(BackboneConfig(backbone=CNN, weights="mine.safetensors", levels="8+16"), "cpu")
    assert (backbone.strides, backbone.channels) == ((8, 16), (128, 256))
    assert len(backbone.sha256) == 64
    plain = timm.create_model(CNN, pretrained=False, features_only=True, out_indices=(2, 3)).eval()
    plain.load_state_dict({k: v for k, v in tensors.items() if k in plain.state_dict()})
    mean, std = (torch.tensor(plain.default_cfg[k]).view(3, 1, 1) for k in ("mean", "std"))
    x = noise(64, 96)
    with torch.inference_mode():
        expected = plain((x - mean) / std)
    for ours, theirs in zip(backbone(x), expected, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4 * float(theirs.abs().max()))
    batch_norms = [m for m in backbone.net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert not batch_norms, "they were folded away"


def test_a_pth_file_of_tensors_is_read_and_one_with_code_is_not(folder: Path) -> None:
    tensors = random_weights(CNN, folder / "mine.safetensors")
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in tensors.items()}}, folder / "mine.pth")
    options = {"backbone": CNN, "levels": "8"}
    one, two = (
        backbone_of(BackboneConfig(weights=f"mine.{kind}", **options), "cpu") for kind in ("safetensors", "pth")
    )
    assert torch.equal(one(noise(32, 32))[0], two(noise(32, 32))[0])
    assert one.sha256 != two.sha256
    torch.save({"hook": Path("harm")}, folder / "harm.pth")
    with pytest.raises(ModelError, match="can be read safely"):
        backbone_of(BackboneConfig(weights="harm.pth", **options), "cpu")


def changed(name: str, folder: Path, **changes: Any) -> BackboneConfig:
    """A weights file with some tensors replaced, or taken away where None."""
    tensors = random_weights(name, folder / "whole.safetensors")
    tensors = {k: changes.get(k.replace(".", "_"), v) for k, v in tensors.items()}
    save_file({k: v for k, v in tensors.items() if v is not None}, folder / "changed.safetensors")
    return BackboneConfig(backbone=name, weights="changed.safetensors", levels="8+16")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, r"does not fit resnet18: the tensor layer2\.0\.conv1\.weight is absent"),
        (torch.zeros(3, 3), r"layer2\.0\.conv1\.weight is 3 × 3 but should be 128 × 64 × 3 × 3"),
        (torch.full((128, 64, 3, 3), torch.nan), r"layer2\.0\.conv1\.weight holds values that are not numbers"),
    ],
)
def test_weights_that_do_not_fit_are_named(folder: Path, value: torch.Tensor | None, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        backbone_of(changed(CNN, folder, layer2_0_conv1_weight=value), "cpu")


def test_a_head_for_other_classes_does_not_matter(folder: Path) -> None:
    config = changed(CNN, folder, fc_weight=torch.zeros(7, 512), fc_bias=None)
    assert backbone_of(config, "cpu")(noise(32, 32))[0].shape == (1, 128, 4, 4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"backbone": "resnet17000"}, "no network “resnet17000” in timm; do you mean resnet"),
        ({"backbone": "swin_tiny_patch4_window7_224"}, "takes pictures of one size only; take another one"),
        ({"levels": "8+12"}, "has strides 2, 4, 8, 16, 32; set levels to some of them"),
        ({"levels": "eight"}, "numbers joined by"),
        ({"weights": ""}, "do not come with Padscope"),
        ({"weights": "absent.pth"}, "no weights file absent.pth"),
        ({"weights": "rubbish.pth"}, "not a weights file"),
        ({"weights": "rubbish.safetensors"}, "not a weights file"),
    ],
)
def test_what_does_not_exist_is_said(folder: Path, settings: dict[str, str], words: str) -> None:
    random_weights(CNN, folder / "mine.safetensors")
    for kind in ("pth", "safetensors"):
        (folder / f"rubbish.{kind}").write_bytes(b"no tensors here")
    config = BackboneConfig(**({"backbone": CNN, "weights": "mine.safetensors", "levels": "8"} | settings))
    with pytest.raises((UsageError, ModelError), match=words):
        backbone_of(config, "cpu")


def test_blocks_of_a_transformer_are_its_levels(folder: Path) -> None:
    random_weights(VIT, folder / "vit.safetensors")
    backbone = backbone_of(BackboneConfig(backbone=VIT, weights="vit.safetensors", levels="3+6"), "cpu")
    assert (backbone.channels, backbone.strides, backbone.step) == ((192, 192), (16, 16), 16)
    assert [m.shape for m in backbone(noise(96, 160))] == [(1, 192, 6, 10)] * 2
    with pytest.raises(UsageError, match="has blocks 1 … 12; set levels to some of them"):
        backbone_of(BackboneConfig(backbone=VIT, weights="vit.safetensors", levels="13"), "cpu")


def test_a_patch_of_14_px_comes_to_the_same_grid(folder: Path) -> None:
    """A tile's blocks of 16 px become patches of 14: one token per block, whatever the patch."""
    net = timm.create_model(DINO, pretrained=False, img_size=56)
    save_file(net.state_dict(), folder / "dino.safetensors")
    with pytest.raises(ModelError, match="pos_embed is 1 × 17 × 384 but should be 1 × 1370 × 384"):
        backbone_of(BackboneConfig(backbone=DINO, weights="dino.safetensors", levels="2"), "cpu")
    random_weights(DINO, folder / "dino.safetensors")
    choice._loaded.cache_clear()
    backbone = backbone_of(BackboneConfig(backbone=DINO, weights="dino.safetensors", levels="2"), "cpu")
    assert backbone.step == 14
    assert backbone(noise(64, 96))[0].shape == (1, 384, 4, 6)


class Ramp(torch.nn.Module):
    """Tokens that say where in their window they stand; the picture says where they stand in the picture."""

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        tokens = torch.nn.functional.avg_pool2d(x, 16)
        edge = torch.zeros_like(tokens[:, :1])
        edge[..., 0, :] = edge[..., -1, :] = edge[..., :, 0] = edge[..., :, -1] = 1
        return [torch.cat([tokens, edge], dim=1)]


def test_windows_cover_everything_and_blend() -> None:
    windows = brought.Windows(Ramp(), 16, 6)
    x = noise(16 * 13, 16 * 9)
    (out,) = windows(x)
    assert torch.allclose(out[:, :3], torch.nn.functional.avg_pool2d(x, 16), atol=1e-5), (
        "what all windows agree on stays"
    )
    inner = out[0, 3, 1:-1, 1:-1]
    assert float(inner.max()) < 0.7, "a token at one window's edge stands in the middle of another, which weighs more"
    small = noise(16 * 4, 16 * 6)
    assert torch.equal(windows(small)[0], Ramp()(small)[0]), "a picture within one window is one"


def test_a_larger_input_sees_the_same_place_finer(folder: Path) -> None:
    random_weights(CNN, folder / "mine.safetensors")
    twice = backbone_of(BackboneConfig(backbone=CNN, weights="mine.safetensors", levels="8", input_scale=2), "cpu")
    assert twice(noise(64, 96))[0].shape == (1, 128, 16, 24)
    embedded = backbone_of(BackboneConfig(input_scale=0.5), "cpu")
    assert [m.shape[-2:] for m in embedded(noise(64, 96))] == [(4, 6), (2, 3)]


def test_half_precision_is_close_and_only_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choice.precision_of("auto", "cpu") == torch.float32
    assert choice.precision_of("auto", "cuda") == choice.precision_of("half", "cuda") == torch.float16
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert choice.precision_of("half", "cpu") == torch.float32
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    choice._loaded.cache_clear()
    exact, rough = (backbone_of(BackboneConfig(precision=p), "cpu") for p in ("float32", "half"))
    assert rough.dtype == torch.bfloat16
    for a, b in zip(exact(noise(64, 64)), rough(noise(64, 64)), strict=True):
        assert b.dtype == torch.float32
        assert 0 < float((a - b).norm() / a.norm()) < 0.1
    choice._loaded.cache_clear()


@pytest.mark.parametrize("name", list(weights.EMBEDDED))
def test_the_embedded_weights_are_those_we_know(name: str) -> None:
    assert weights.sha256_of(weights.EMBEDDED[name].path) == weights.EMBEDDED[name].sha256
    backbone = backbone_of(BackboneConfig(backbone=name), "cpu")
    assert backbone.strides == (8, 16)
    assert all(torch.isfinite(m).all() for m in backbone(noise(32, 32)))


def test_levels_are_read_in_any_order() -> None:
    assert levels_of("16 + 8") == (8, 16)


def test_a_gpu_without_room_gets_half_the_batch() -> None:
    from dataclasses import replace

    from padscope.errors import DeviceError
    from padscope.nets.backbone import load_backbone

    class Narrow(torch.nn.Module):
        room = 2

        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            if len(x) > self.room:
                raise torch.OutOfMemoryError
            return [x]

    net = Narrow()
    backbone = replace(load_backbone(), net=net)
    pixels = torch.rand(7, 3, 16, 16)
    assert torch.allclose(backbone(pixels)[0], (pixels - 0.5) / 0.5)
    net.room = 0
    with pytest.raises(DeviceError, match="does not hold one tile"):
        backbone(pixels)
