from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope_desktop import quantities as q

NOON = datetime(2025, 11, 22, 12)


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (q.number(8214.5, 1), "8 214.5"),
        (q.number(-1234567), "−1 234 567"),
        (q.number(-0.04, 1), "0.0"),
        (q.number(math.nan), "–"),
        (q.signed(140), "+140"),
        (q.signed(-3.25, 1), "−3.2"),
        (q.percent(0.62), "62 %"),
        (q.percent(0.0204), "2 %"),
        (q.percent(0.0175), "1.8 %"),
        (q.percent(0.004), "0.4 %"),
        (q.percent(0), "0 %"),
        (q.percent(12.5), "1 250 %"),
        (q.length(500), "500 µm"),
        (q.length(2500), "2.5 mm"),
        (q.length(2000), "2 mm"),
        (q.area(81234.7), "81 235 µm²"),
        (q.area(307_476), "0.307 mm²"),
        (q.area(12_345_678), "12.35 mm²"),
        (q.duration(0.42), "0.4 s"),
        (q.duration(83), "1 min 23 s"),
        (q.count(1, "pad"), "1 pad"),
        (q.count(57, "pad"), "57 pads"),
        (q.local_time("yesterday"), "yesterday"),
        (q.brief_time(NOON.astimezone(UTC).isoformat(), NOON), "12:00"),
        (q.brief_time(NOON.astimezone(UTC).isoformat(), NOON + timedelta(days=1)), "2025-11-22"),
        (q.elided_middle("short.jpg", 20), "short.jpg"),
    ],
)
def test_numbers_as_a_person_reads_them(made: str, wanted: str) -> None:
    assert made.replace(q.THIN, " ") == wanted


@given(st.floats(1e-3, 1e7))
def test_a_scale_bar_is_round_and_fits(about: float) -> None:
    length = q.round_length(about)
    assert about / 2.5 - 1e-9 <= length <= about * (1 + 1e-6)
    assert f"{length:e}"[0] in "125"


@given(st.text(min_size=1, max_size=60), st.integers(4, 40))
def test_a_long_name_keeps_its_end(text: str, longest: int) -> None:
    short = q.elided_middle(text, longest)
    assert len(short) <= max(longest, 0) or len(text) <= longest
    if len(text) > longest:
        assert short[-1] == text[-1]
        assert short[0] == text[0]
