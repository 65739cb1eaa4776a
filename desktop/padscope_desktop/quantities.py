"""Numbers as a person reads them: a unit, thin-space thousands, no more digits than they deserve."""

from __future__ import annotations

import math
from datetime import date, datetime

THIN = "\u202f"  # narrow no-break space: thin, and a number never breaks over two lines
MINUS = "−"
ABSENT = "–"
MM2_FROM = 1e5
"""µm²; from here on an area is told in mm²."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: float, digits: int = 0) -> str:
    """8214.5 -> "8 214.5"; not finite -> "–"."""
    if not math.isfinite(value):
        return ABSENT
    text = f"{abs(value):,.{digits}f}".replace(",", THIN)
    negative = value < 0 and any(c in "123456789" for c in text)
    return (MINUS if negative else "") + text


def signed(value: float, digits: int = 0) -> str:
    text = number(value, digits)
    return text if text.startswith((MINUS, ABSENT)) else "+" + text


def with_unit(value: float, unit: str, digits: int = 0) -> str:
    return f"{number(value, digits)}{THIN}{unit}"


def percent(fraction: float) -> str:
    """Two digits where they say something: 0.62 -> "62 %", 0.004 -> "0.4 %", 12.3 -> "1 230 %"."""
    value = 100 * fraction
    return with_unit(value, "%", 1 if 0 < abs(value) < 9.95 and round(value, 1) % 1 else 0)


def length(um: float) -> str:
    """150 -> "150 µm", 2500 -> "2.5 mm"."""
    if abs(um) >= 1000:
        return with_unit(um / 1000, "mm", 0 if abs(um) % 1000 < 1e-9 else 1)
    return with_unit(um, "µm", 0 if abs(um) >= 10 or abs(um) % 1 < 1e-9 else 1)


def area(um2: float) -> str:
    """150 -> "150 µm²", 307 476 -> "0.307 mm²"."""
    if abs(um2) >= MM2_FROM:
        return with_unit(um2 / 1e6, "mm²", 3 if abs(um2) < 1e6 else 2)
    return with_unit(um2, "µm²", 0)


def duration(seconds: float) -> str:
    """0.42 -> "0.4 s", 83 -> "1 min 23 s"."""
    if seconds < 10:
        return with_unit(seconds, "s", 1)
    whole = round(seconds)
    if whole < 60:
        return with_unit(whole, "s")
    return f"{with_unit(whole // 60, 'min')} {with_unit(whole % 60, 's')}"


def count(n: int, one: str, many: str = "") -> str:
    """1 pad, 57 pads."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def local_time(utc: str) -> str:
    """ "2025-11-22T12:45:03Z" -> "2025-11-22 13:45" on a clock one hour ahead; other words are left alone."""
    try:
        return datetime.fromisoformat(utc.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return utc


def brief_time(utc: str, now: datetime | None = None) -> str:
    """The time of day of what was today, of anything older the day: "13:45", "2025-11-22"."""
    day, _, time = local_time(utc).partition(" ")
    return time if time and day == (now or datetime.now()).strftime("%Y-%m-%d") else day


def named_day(day: str) -> str:
    """ "2026-11-02" -> "2 Nov 2026", in English whatever the machine speaks."""
    when = date.fromisoformat(day)
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def round_length(about: float) -> float:
    """The largest of 1, 2, 5 × 10ⁿ that is at most `about` (> 0): what a scale bar shows."""
    power = 10.0 ** math.floor(math.log10(about))
    return max(power * step for step in (1, 2, 5) if power * step <= about * (1 + 1e-9))


def elided_middle(text: str, longest: int) -> str:
    """A long name keeps its end, which tells it from its neighbours: "20UPGPQ…0303"."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) * 2 // 3
    return text[: longest - 1 - tail] + "…" + text[len(text) - tail :]
