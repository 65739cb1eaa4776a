"""The PDF: says what the pad map says, in letters that exist, whole or not at all."""

from __future__ import annotations

import base64
import dataclasses
import errno
import os
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from padscope.boards.doubts import Doubt
from padscope.boards.layout import Fiducial, Layout, Pad, spread_wires
from padscope.boards.pad_map import PadMap, PictureFacts, Provenance, Verdict
from padscope.boards.rules import load_rules
from padscope.boards.verdict import judge
from padscope.errors import OutputError, PadMapError
from padscope.reports import write_changes_pdf, write_pdf
from padscope.reports.changes import changes_pdf_bytes
from padscope.reports.closeups import as_8_bit, close_up
from padscope.reports.cover import headline
from padscope.reports.drawing import Sheet, own_parts, pieces, shortened, strips
from padscope.reports.pdf import pdf_bytes
from padscope.reports.styles import STYLES, printable
from padscope.types import Affine, Box, Scale
from reference_maps import LAYOUT as SIX
from reference_maps import MAP, RESULTS, landings, map_with, painted_pads

SIZE = (1400, 900)
POSE = Affine(0.25, 0.0, 40.0, 0.0, 0.25, 40.0)
PADS = tuple(
    Pad(f"{side}{k + 1:02}", x, 300.0 + 400.0 * k, 1000.0, 127.0 if k % 2 else 381.0)
    for side, x in (("L", 600.0), ("R", 4400.0))
    for k in range(7)
)
LAYOUT = Layout(
    "demo ① 板",
    PADS,
    tuple(w for p in PADS for w in spread_wires(p, 1 if p.h_um < 200 else 3)),
    (Fiducial("F1", 100.0, 100.0, 200.0),),
)


class Drawn:
    """A picture in memory."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self.height, self.width = pixels.shape[:2]

    def read(self, box: Box, step: int = 1) -> NDArray[np.uint8]:
        assert box.clipped(self.width, self.height) == box
        return self.pixels[box.slices][::step, ::step]


PICTURE = Drawn(np.random.default_rng(1).integers(90, 160, (SIZE[1], SIZE[0], 3), dtype=np.uint8))


def pad_map(name: str = "scratch", file: str = "bad01.jpg") -> PadMap:
    mask = np.zeros(SIZE[::-1], np.uint8)
    for pad, (w, h) in {"L01": (4, 4), "L02": (900, 40), "R01": (1000, 80), "R03": (20, 20)}.items():
        p = LAYOUT.pad[pad]
        c = POSE.apply(np.array([[p.x_um - w / 2, p.y_um - h / 2], [p.x_um + w / 2, p.y_um + h / 2]])).astype(int)
        mask[c[0, 1] : c[1, 1] + 1, c[0, 0] : c[1, 0] + 1] = 1
    masks = {k: v for k, v in painted_pads(mask, LAYOUT, POSE, {1: name}).items() if k != "R07"}
    level = np.full((113, 175), 0.4, np.float32)
    results = judge(level, LAYOUT, POSE, SIZE, load_rules(), masks=masks, doubts={"R07": Doubt("blurred")})
    made = Provenance(
        "patchcore", "cd" * 32, "standard", "ef" * 32, LAYOUT.name, "01" * 32, "2026-01-02T03:04:05Z", "padscope 0"
    )
    facts = PictureFacts(file, "ab" * 32, *SIZE, Scale(4.0, "keyence", True))
    return PadMap(facts, POSE, 1.25, "fiducials", made, results)


def pages_text(pdf: bytes) -> list[str]:
    """The words each page draws, in the order drawn."""
    texts = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            page = zlib.decompress(base64.a85decode(b"<~" + stream.strip(), adobe=True))
        except (ValueError, zlib.error):
            continue
        if b" Tj" in page:
            words = re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", page)
            texts.append(
                " ".join(re.sub(rb"\\(\d{3})", lambda m: bytes([int(m[1], 8)]), w).decode("cp1252") for w in words)
            )
    return texts


def test_the_report_names_every_pad_and_what_it_was_made_from() -> None:
    result = pad_map()
    pages = pages_text(pdf_bytes(result, LAYOUT, (PICTURE,)))
    assert "Pad map" in pages[0]
    assert headline(result) in pages[0]
    for word in (
        "bad01.jpg",
        "ab" * 32,
        "cd" * 32,
        "ef" * 32,
        "2026-01-02T03:04:05Z",
        "padscope 0",
        "1.25",
        "keyence, verified",
    ):
        assert word in pages[0]
    whole = " ".join(pages)
    for pad in LAYOUT.pads:
        assert pad.id in whole
    for wire in LAYOUT.wires:
        assert wire.id in " ".join(pages[-2:])
    for k, page in enumerate(pages, start=1):
        assert f"page {k} of {len(pages)}" in page
    assert "Released for bonding by, date" in pages[0]


def test_a_note_about_the_picture_stands_on_the_cover() -> None:
    words = (
        "Today's pads score higher than those the threshold rests on: check light and focus, or calibrate again. " * 2
    )
    cover = pages_text(pdf_bytes(dataclasses.replace(pad_map(), notes=(words.strip(),)), LAYOUT))[0]
    assert "Note Today's pads score higher" in cover
    assert cover.count("calibrate again.") == 2
    assert "Note" not in pages_text(pdf_bytes(pad_map(), LAYOUT))[0]


def test_counts_on_the_cover_are_those_of_the_map() -> None:
    result = pad_map()
    cover = pages_text(pdf_bytes(result, LAYOUT))[0]
    counts = result.counts()
    assert {v for v, n in counts.items() if n} == {
        Verdict.OK, Verdict.OK_SHIFT, Verdict.REDUCED, Verdict.NOT_BONDABLE, Verdict.UNKNOWN
    }  # fmt: skip
    for verdict, style in STYLES.items():
        assert f"{style.letter} {counts[verdict]} {style.words}: {style.asks}" in cover


def test_pads_that_need_somebody_come_worst_first_with_their_reasons() -> None:
    result = pad_map("dust")
    pages = " ".join(pages_text(pdf_bytes(result, LAYOUT, (PICTURE,))))
    need = pages[pages.index("Pads that need somebody") :]
    assert "Dust on the pad: clean it and look again." in need
    assert need.index(["R07", "Unknown"][0]) < need.index("L01")


def test_a_board_that_is_all_fine_says_so() -> None:
    fine = dataclasses.replace(pad_map(), pads=tuple(p for p in pad_map().pads if p.verdict is Verdict.OK))
    assert any("None: every pad can be bonded as planned." in page for page in pages_text(pdf_bytes(fine, LAYOUT)))


def test_close_ups_are_small_jpegs_of_the_pads_that_need_somebody() -> None:
    result = pad_map()
    pdf = pdf_bytes(result, LAYOUT, (PICTURE,))
    needing = sum(p.verdict is not Verdict.OK for p in result.pads)
    assert pdf.count(b"/DCTDecode") == needing
    assert len(pdf) < 60_000 * (needing + 1)
    assert b"/DCTDecode" not in pdf_bytes(result, LAYOUT)


def test_a_close_up_reads_only_the_pads_surroundings_and_lies_across_the_page() -> None:
    upright = Pad("U", 2000.0, 1500.0, 127.0, 1000.0)
    shot = close_up(PICTURE, upright, POSE)
    assert shot is not None
    assert shot.upright
    assert shot.size[0] > shot.size[1]
    assert shot.box.height < 0.25 * 1000 + 40
    outside = Pad("O", 99_000.0, 1500.0, 127.0, 1000.0)
    assert close_up(PICTURE, outside, POSE) is None


def test_16_bit_pixels_are_stretched_for_the_eye() -> None:
    ramp = np.linspace(1000, 3000, 300, dtype=np.uint16).reshape(10, 10, 3)
    shown = as_8_bit(ramp)
    assert shown.dtype == np.uint8
    assert shown.min() == 0
    assert shown.max() == 255


def test_the_same_map_gives_the_same_bytes() -> None:
    assert pdf_bytes(pad_map(), LAYOUT, (PICTURE,)) == pdf_bytes(pad_map(), LAYOUT, (PICTURE,))


def test_letters_the_fonts_lack_are_replaced_and_markup_is_harmless() -> None:
    assert printable("µm² – “×” 12\u2009345 Łódź č 板\n") == "µm² – “×” 12\u00a0345 Lódz c ??"
    odd = pad_map("<b>&板</i>", "板 <bad> & č.jpg")
    pages = " ".join(pages_text(pdf_bytes(odd, LAYOUT)))
    assert "? <bad> & c.jpg" in pages
    assert "<b>&?</i>of" in pages.replace(" ", "")  # a paragraph draws it in pieces


def test_pads_near_each_other_are_one_strip() -> None:
    assert [set(g) for g in strips(LAYOUT)] == [{p.id for p in PADS[:7]}, {p.id for p in PADS[7:]}]


def test_a_sheet_fits_its_box_and_turns_y_up() -> None:
    sheet = Sheet.fitted((100.0, 200.0, 1100.0, 700.0), 100.0, 100.0)
    assert sheet.points([(100.0, 200.0), (1100.0, 700.0)]).tolist() == [[0.0, 75.0], [100.0, 25.0]]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_pdf(pad_map(), LAYOUT, tmp_path / "x.pdf")
    assert os.listdir(tmp_path) == []


def test_the_file_is_written(tmp_path: Path) -> None:
    write_pdf(pad_map(), LAYOUT, tmp_path / "x.pdf", (PICTURE,))
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF-")
    assert os.listdir(tmp_path) == ["x.pdf"]


def test_a_map_of_another_layout_is_still_drawn() -> None:
    """Pads that the layout does not have are listed, not drawn."""
    other = Layout("other", PADS[:3], ())
    assert "R07" in " ".join(pages_text(pdf_bytes(pad_map(), other, (PICTURE,))))


def test_what_changed_between_two_maps_is_told_the_worse_pads_first() -> None:
    after = map_with(
        dataclasses.replace(RESULTS[3], verdict=Verdict.OK, reasons=(), defects=()),
        dataclasses.replace(
            RESULTS[0], verdict=Verdict.UNKNOWN, reasons=("blurred",), landings=landings("A", {0: None})
        ),
    )
    cover, table = pages_text(changes_pdf_bytes(MAP, after, SIX))
    assert "2 of 6 pads change: 1 OK to UNKNOWN, 1 RE_CLEAN to OK; 1 wires fewer can land" in cover
    assert "A OK > ?" in cover
    assert "D C > OK" in cover
    assert table.index("can no longer be judged") < table.index("better")
    assert "1 gone" in table
    assert "None." in pages_text(changes_pdf_bytes(MAP, MAP, SIX))[1]


def test_the_paper_of_changes_is_written_whole(tmp_path: Path) -> None:
    write_changes_pdf(MAP, MAP, SIX, tmp_path / "c.pdf")
    other = dataclasses.replace(MAP, pads=MAP.pads[1:])
    with pytest.raises(PadMapError):
        write_changes_pdf(MAP, other, SIX, tmp_path / "d.pdf")
    assert os.listdir(tmp_path) == ["c.pdf"]


def test_a_long_edge_is_cut_into_pieces_that_can_be_read() -> None:
    assert pieces(LAYOUT, strips(LAYOUT)[0], 10_000.0) == [strips(LAYOUT)[0]]
    halves = pieces(LAYOUT, strips(LAYOUT)[0], 2000.0)
    assert [len(h) for h in halves] == [3, 4]
    wide = Layout("wide", tuple(Pad(f"T{k}", 500.0 * k, 0.0, 127.0, 900.0) for k in range(9)), ())
    ((x, y),) = Sheet.fitted((0.0, 0.0, 4000.0, 900.0), 90.0, 400.0, turned=True).points([(4000.0, 900.0)]).tolist()
    assert (x, y) == (0.0, 0.0)  # what was right is down, what was down is left
    assert [len(p) for p in pieces(wide, strips(wide)[0], 3000.0)] == [4, 5]


def test_long_names_stay_on_the_paper_and_whole_in_the_table() -> None:
    ids = {p.id: f"WIREBOND_PAD_FRONTEND_CHIP_3_{p.id}_VDDA_SENSE" for p in LAYOUT.pads}
    pads = tuple(dataclasses.replace(p, id=ids[p.id]) for p in LAYOUT.pads)
    wires = tuple(dataclasses.replace(w, id=ids[w.pad] + w.id[len(w.pad) :], pad=ids[w.pad]) for w in LAYOUT.wires)
    long = dataclasses.replace(LAYOUT, pads=pads, wires=wires)
    short = pad_map()
    renamed = tuple(dataclasses.replace(r, pad=ids[r.pad]) for r in short.pads)
    pages = pages_text(pdf_bytes(dataclasses.replace(short, pads=renamed), long))
    strip = next(page for page in pages if "The edges, enlarged" in page)
    assert "…L01…" in strip
    table = "".join(pages[pages.index(strip) + 1 :]).replace(" ", "")
    assert all(name in table for name in ids.values())


def test_names_are_cut_in_their_middle_and_keep_what_tells_them_apart() -> None:
    assert own_parts(["PAD_L1_X", "PAD_L22_X"]) == {"PAD_L1_X": "…1…", "PAD_L22_X": "…22…"}
    assert own_parts(["L1", "R2"]) == {"L1": "L1", "R2": "R2"}
    assert own_parts(["A", "AA"]) == {"A": "…", "AA": "…A"}
    assert shortened("ABCDEFGHIJ", "Helvetica", 10, 1000) == "ABCDEFGHIJ"
    cut = shortened("ABCDEFGHIJ", "Helvetica", 10, 45)
    assert cut.startswith("AB")
    assert cut.endswith("IJ")


def test_close_ups_say_what_their_lines_mean() -> None:
    whole = " ".join(pages_text(pdf_bytes(pad_map(), LAYOUT, (PICTURE,))))
    for word in (
        "white and dashed: a defect",
        "orange and dashed: ground that a wire needs",
        "hatched: what the picture",
    ):
        assert word in whole
    assert "Lines in the close-ups" not in " ".join(pages_text(pdf_bytes(pad_map(), LAYOUT)))


def test_wires_on_pads_that_may_not_be_bonded_do_not_count_as_bonded() -> None:
    result = pad_map("exposed metal")
    lost = sum(len(p.landings) for p in result.pads if p.verdict in (Verdict.NOT_BONDABLE, Verdict.UNKNOWN))
    assert lost
    assert f"{len(result.landings()) - lost} of {len(result.landings())} wires can be bonded now" in headline(result)
