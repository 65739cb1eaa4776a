"""The microscope's own words: read exactly, checked by their checksums, and never believed further than they prove."""

from __future__ import annotations

import io
import struct
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from keyence_files import Vhx, bstr, checked, real, text
from padscope.errors import PictureError
from padscope.pictures import keyence
from padscope.pictures.facts import picture_facts
from padscope.pictures.jpeg_frame import walk
from padscope.pictures.picture import Picture, open_picture
from padscope.types import Scale
from picture_files import drawn


def opened(tmp_path: Path, vhx: Vhx, um_per_px: float | None = None) -> Picture:
    path = tmp_path / "VHX_000001.jpg"
    path.write_bytes(vhx.bytes(drawn()))
    return open_picture(path, um_per_px)


def flip(*tags: int) -> Vhx:
    """A file in which a bit of these values is wrong."""
    return Vhx(spoil=lambda tag, value: value[:-1] + bytes([value[-1] ^ 1]) if tag in tags else value)


def test_the_scale_is_the_quotient_of_two_numbers(tmp_path: Path) -> None:
    picture = opened(tmp_path, Vhx(um=4.098828614925307, ratio=44 / 45, label="X50"))
    assert picture.scale == Scale(pytest.approx(4.19198, abs=1e-5), "keyence", True)
    assert picture.scale_conflict == ""


def test_everything_the_microscope_wrote_is_read(tmp_path: Path) -> None:
    picture = opened(tmp_path, Vhx(tags={0x000B: text("module 17, µ-flex")}))
    m = picture.microscope
    assert m is not None
    assert (m.model, m.lens, m.magnification, m.software) == ("VHX-7000", "E500", "X1000", "1.4.23.17")
    assert (m.captured_at, m.task) == ("2026-02-16T11:21:50", "6bd9b546-7af3-4459-ac88-018a609cc172")
    assert (m.texts, m.notes) == (("module 17, µ-flex",), ())


def test_the_pixels_are_those_of_the_jpeg(tmp_path: Path) -> None:
    picture = opened(tmp_path, Vhx(stitched=True))
    expected = np.asarray(Image.open(picture.path).convert("RGB"), np.int16)
    assert np.abs(picture.read(picture.box) - expected).max() <= 3


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_maker_note_is_little_endian_in_either_exif(tmp_path: Path, order: str) -> None:
    assert opened(tmp_path, Vhx(order=order)).scale == Scale(0.1, "keyence", True)


def test_previews_are_found(tmp_path: Path) -> None:
    (tmp_path / "p.jpg").write_bytes(Vhx(stitched=True).bytes(drawn(240, 320)))
    found = open_picture(tmp_path / "p.jpg").previews()
    assert {name: small.shape for name, small in found.items()} == {
        "vh10": (120, 160, 3),
        "exif": (24, 32, 3),
        "stitched": (360, 480, 3),
    }
    expected = np.asarray(Image.fromarray(drawn(240, 320)).resize((160, 120), Image.Resampling.BOX))
    np.testing.assert_array_equal(found["vh10"], expected)
    assert np.abs(found["stitched"].mean(axis=(0, 1)) - expected.mean(axis=(0, 1))).max() < 2
    assert np.abs(found["exif"].mean(axis=(0, 1)) - expected.mean(axis=(0, 1))).max() < 4


# ---- how far it can be trusted


def test_without_the_ratio_the_scale_is_unverified(tmp_path: Path) -> None:
    picture = opened(tmp_path, Vhx(tags={0x0144: None}))
    assert picture.scale == Scale(0.25, "keyence", False)
    assert "0x0144" in picture.scales[0].note


@pytest.mark.parametrize("tag", [0x0011, 0x0144])
def test_a_failed_checksum_makes_the_scale_unverified(tmp_path: Path, tag: int) -> None:
    picture = opened(tmp_path, flip(tag))
    assert picture.scale.source == "keyence"
    assert not picture.scale.verified
    assert picture.microscope is not None
    assert f"0x{tag:04X}" in picture.microscope.notes[0]


def test_damage_elsewhere_does_not_touch_the_scale(tmp_path: Path) -> None:
    picture = opened(tmp_path, flip(0x011F, 0x0145))
    assert picture.scale == Scale(0.1, "keyence", True)
    assert picture.microscope is not None
    assert picture.microscope.lens == ""  # not shown when damaged
    assert "0x011F" in picture.microscope.notes[0]


def test_a_file_saved_again_by_another_program_is_unverified(tmp_path: Path) -> None:
    """Pillow keeps the directory of the maker note but neither VH10 nor what lies behind the picture: the offsets dangle."""
    whole = Image.open(io.BytesIO(Vhx().bytes(drawn())))
    whole.save(tmp_path / "p.jpg", exif=whole.info["exif"])
    picture = open_picture(tmp_path / "p.jpg")
    assert picture.scale == Scale()
    assert picture.microscope is not None
    assert any("another program" in note for note in picture.microscope.notes)


def test_vh10_alone_is_unverified(tmp_path: Path) -> None:
    picture = opened(tmp_path, Vhx(note_mark=b"Unknown\x01"))
    assert picture.scale == Scale(0.25, "keyence", False)
    assert picture.microscope is not None
    assert (picture.microscope.magnification, picture.microscope.captured_at) == ("X1000", "2026-02-16T11:21:50")


def test_a_contradicting_copy_is_kept_and_shown(tmp_path: Path) -> None:
    picture = opened(tmp_path, Vhx(vh10_um=0.5))
    assert [s.um_per_px for s in picture.scales] == [0.1, 0.2]
    assert picture.scale == Scale(0.1, "keyence", True)
    assert "0.2 µm/px (keyence, VH10 copy)" in picture.scale_conflict


def test_a_typed_scale_is_used_and_the_contradiction_told(tmp_path: Path) -> None:
    picture = opened(tmp_path, Vhx(), um_per_px=0.185)
    assert picture.scale == Scale(0.185, "typed")
    assert "0.185 µm/px (typed); 0.1 µm/px (keyence)" in picture.scale_conflict
    assert opened(tmp_path, Vhx(), um_per_px=0.1002).scale_conflict == ""


def test_a_picture_that_was_resized_has_lost_its_scale(tmp_path: Path) -> None:
    picture = opened(tmp_path, Vhx(size=(260, 180)))
    assert picture.scale == Scale()
    assert "260 x 180" in picture.scales[0].note


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e300])
@pytest.mark.parametrize("tag", [0x0011, 0x0144])
def test_impossible_numbers_are_no_scale(tmp_path: Path, tag: int, value: float) -> None:
    picture = opened(tmp_path, Vhx(vh10=False, tags={tag: real(value)}))
    assert not picture.scale.verified
    assert picture.scale.um_per_px == (None if tag == 0x0011 else 0.25)


@pytest.mark.parametrize("shift", [-100, 7, 10**6, 2**31])
def test_offsets_that_lead_elsewhere_are_noticed(tmp_path: Path, shift: int) -> None:
    picture = opened(tmp_path, Vhx(shift=shift))
    assert not picture.scale.verified
    assert picture.microscope is not None
    assert picture.microscope.notes


def test_a_directory_with_more_entries_than_it_has_room_for(tmp_path: Path) -> None:
    data = Vhx().bytes(drawn())
    at = data.index(b"KmsFile") + 8
    (tmp_path / "p.jpg").write_bytes(data[:at] + b"\xff\xff" + data[at + 2 :])
    assert open_picture(tmp_path / "p.jpg").scale == Scale(0.1, "keyence", True)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x0002, checked(7, struct.pack("<d", float("nan")))),
        (0x0002, checked(7, struct.pack("<d", 1e18))),
        (0x0048, checked(8, struct.pack("<I", 2**31))),
        (0x0048, checked(8, b"")),
        (0x011F, checked(13, bytes(16))),
        (0x011F, checked(13, b"")),
        (0x011F, checked(99, b"????")),
        (0x01D9, bstr("not a task")),
    ],
)
def test_values_without_sense_are_left_out(tmp_path: Path, tag: int, value: bytes) -> None:
    picture = opened(tmp_path, Vhx(vh10=False, tags={tag: value}))
    assert picture.scale == Scale(0.1, "keyence", True)
    m = picture.microscope
    assert m is not None
    assert {0x0002: m.captured_at, 0x0048: m.model, 0x011F: m.lens, 0x01D9: m.task}[tag] == ""


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9])
def test_a_truncated_vhx_file_is_refused_although_its_thumbnail_ends_like_a_picture(
    tmp_path: Path, part: float
) -> None:
    data = Vhx().bytes(drawn(400, 600))
    start = data.rindex(b"\xff\xda")
    (tmp_path / "p.jpg").write_bytes(data[: start + int(part * (data.rindex(b"\xff\xd9") - start))])
    with pytest.raises(PictureError, match="incomplete"):
        open_picture(tmp_path / "p.jpg")


def test_a_vhx_file_cut_behind_its_picture_has_pixels_and_no_verified_scale(tmp_path: Path) -> None:
    data = Vhx().bytes(drawn())
    (tmp_path / "p.jpg").write_bytes(data[: data.rindex(b"\xff\xd9") + 40])
    picture = open_picture(tmp_path / "p.jpg")
    assert picture.read(picture.box).shape == (90, 130, 3)
    assert picture.scale == Scale(0.25, "keyence", False)  # VH10 has one of the two numbers
    assert picture.microscope is not None
    assert any("cut off" in note for note in picture.microscope.notes)


def test_an_ordinary_jpeg_is_no_microscope_picture(tmp_path: Path) -> None:
    Image.fromarray(drawn()).save(tmp_path / "p.jpg")
    picture = open_picture(tmp_path / "p.jpg")
    assert picture.microscope is None
    assert picture.scales == ()


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_a_damaged_maker_note_never_verifies_a_wrong_scale(seed: int, changes: int) -> None:
    """Bytes changed anywhere outside the coded pixels: either the scale is right, or it is not called verified."""
    rng = np.random.default_rng(seed)
    data = bytearray(SMALL)
    ends = SMALL.index(b"Exif"), SMALL.index(b"KmsFile") + 400
    places = np.r_[np.arange(*ends), np.arange(SMALL.rindex(b"\xff\xd9") + 2, len(SMALL))]
    for at in rng.choice(places, changes):
        data[at] = rng.integers(256)
    frame = walk(bytes(data), "p")
    _, scales = keyence.read_vhx(bytes(data), frame)
    assert all(s.um_per_px == 0.1 for s in scales if s.verified)


SMALL = Vhx().bytes(drawn(16, 16))


# ---- the real file, and what `padscope info` prints


def test_a_native_file_of_a_vhx_7000(shared_data: Path) -> None:
    facts = picture_facts(open_picture(shared_data / "keyence" / "vhx7000_chip.jpg"))
    assert facts["um_per_px"] == pytest.approx(0.1049685, abs=1e-7)
    expected = {
        "width_px": 2880, "height_px": 2160, "channels": 3, "bits": 8, "format": "JPEG",
        "scale_source": "keyence", "scale_verified": True,
        "model": "VHX-7000", "lens": "E500", "magnification": "X1000", "captured_at": "2026-02-16T11:21:50",
    }  # fmt: skip
    assert {key: facts[key] for key in expected} == expected


def test_facts_of_a_picture_that_says_nothing(tmp_path: Path) -> None:
    Image.fromarray(drawn()).save(tmp_path / "p.png")
    facts = picture_facts(open_picture(tmp_path / "p.png"))
    assert facts["um_per_px"] is None
    assert facts["scale_source"] == "none"
    assert facts["scale_verified"] is False
    assert [facts[k] for k in ("model", "lens", "magnification", "captured_at")] == [None] * 4


def test_facts_show_every_scale(tmp_path: Path) -> None:
    facts = picture_facts(opened(tmp_path, Vhx(captured=datetime(2025, 1, 2, 3, 4, 5)), um_per_px=2.0))
    assert [(s["um_per_px"], s["source"]) for s in facts["scales"]] == [(2.0, "typed"), (0.1, "keyence")]
    assert facts["scale_source"] == "typed"
    assert "contradict" in facts["scale_conflict"]
