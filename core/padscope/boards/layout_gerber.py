"""Layouts from Gerber layers (RS-274X, X2, X3): flashes and regions of a copper or solder-mask layer are pads.

X2 says what they are (`.AperFunction`), of which part and pin (`.P`) and net (`.N`); a plain file has all its flashes and
regions taken. Draws are traces and are left out. (Ucamco, The Gerber Layer Format Specification 2024.05.)
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from padscope.boards import gerber_apertures
from padscope.boards.gerber_apertures import Outline
from padscope.boards.layout import Layout
from padscope.boards.layout_choice import Choice, Shape, layout_of
from padscope.boards.layout_text import read_bytes, text_of
from padscope.errors import LayoutError

INCH_UM, MM_UM = 25_400.0, 1000.0
PAD_FUNCTIONS = (
    "SMDPad",
    "BGAPad",
    "ConnectorPad",
    "ComponentPad",
    "TestPad",
    "HeatsinkPad",
    "WasherPad",
    "CastellatedPad",
)
FIDUCIAL = "FiducialPad"
SIDES = {"TOP": "top", "BOT": "bottom"}
ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
WORD = re.compile(r"([GDXYIJ])([+-]?(?:\d+\.?\d*|\.\d+))")
ARC_STEP = math.radians(6)
MOST_COPIES = 10_000
WHOLE_PICTURE = {
    "IPPOS", "IR0", "MIA0B0", "ASAXBY",
    *(f"{code}A{one}B{one}" for code, ones in (("OF", ("0", "0.0")), ("SF", ("1", "1.0"))) for one in ones),
}  # fmt: skip
"""Deprecated commands that change nothing (section 8.1)."""


@dataclass
class _Aperture:
    outline: Outline
    diameter: float
    function: str


@dataclass
class _State:
    """What a Gerber file is in the middle of."""

    file: str
    decimals: tuple[int, int] | None = None
    unit_um: float = 0.0
    side: str = ""
    apertures: dict[int, _Aperture] = field(default_factory=dict)
    macros: dict[str, list[str]] = field(default_factory=dict)
    of_aperture: dict[str, list[str]] = field(default_factory=dict)
    of_object: dict[str, list[str]] = field(default_factory=dict)
    current: int = 0
    at: tuple[float, float] = (0.0, 0.0)
    dark: bool = True
    mirror: str = "N"
    turn_deg: float = 0.0
    scaling: float = 1.0
    motion: int = 1
    operation: int = 0
    one_quadrant: bool = False
    region: list[list[tuple[float, float]]] | None = None
    repeat: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])
    shapes: list[Shape] = field(default_factory=list)
    line: int = 1

    def refuse(self, reason: str) -> LayoutError:
        return LayoutError(f"{self.file}, line {self.line}: {reason}")


def load_layout_gerber(path: Path, choice: Choice | None = None) -> Layout:
    """One layer as a layout, y turned down. The layer of a pad, for choosing, is its function (SMDPad, ConnectorPad …)."""
    choice = choice or Choice()
    raw = read_bytes(path)
    shapes = gerber_shapes(path, choice, raw)
    if not choice.layers:
        others = no_pads_of(shapes)
        shapes = [s for s in shapes if s.mark or s.layer not in others]
    return layout_of(shapes, choice, path.name, path.stem, hashlib.sha256(raw).hexdigest())


def no_pads_of(shapes: Sequence[Shape]) -> tuple[str, ...]:
    """Functions of copper that is no pad, as vias, where the file says which of its copper is; nothing where it does not."""
    functions = dict.fromkeys(s.layer for s in shapes if not s.mark)
    others = tuple(f for f in functions if f not in PAD_FUNCTIONS)
    return others if len(others) < len(functions) else ()


def gerber_shapes(path: Path, choice: Choice, raw: bytes) -> list[Shape]:
    """All copper of the file, as seen from the chosen side."""
    state = _read(path.name, text_of(path, raw))
    if state.side and state.side != choice.side:
        raise LayoutError(f"{path.name} is the {state.side} side of a board; choose that side, or the other file.")
    mirror = np.array([-1.0 if choice.side == "bottom" else 1.0, -1.0])
    shapes = [Shape(s.corners_um * mirror, s.name, s.net, s.layer, s.diameter_um, s.mark) for s in state.shapes]
    if not shapes:
        raise LayoutError(f"{path.name} has no flashes and no regions; choose a copper layer.")
    return shapes


def _read(file: str, text: str) -> _State:
    state = _State(file)
    ended = False
    for line, block, extended in _blocks(file, text):
        state.line = line
        if extended:
            _extended(state, block)
        elif block.startswith("G04"):
            comment = block[3:].strip()
            if comment.startswith("#@!"):  # attributes hidden from old readers
                _attribute(state, comment[3:].strip())
        elif block in ("M02", "M00", "M30"):
            ended = True
            break
        elif block:
            _command(state, block)
    if not ended and not state.shapes:
        raise LayoutError(f"{file} is no Gerber file; it needs apertures (%ADD…) and an end (M02).")
    if state.region is not None:
        raise LayoutError(f"{file} ends within a region; the file is cut off.")
    if not ended:
        raise LayoutError(f"{file} ends without its last command (M02), so it is cut off; write it again.")
    return state


def _blocks(file: str, text: str) -> list[tuple[int, str, bool]]:
    """(line, block without its star, whether between per cent signs)."""
    found: list[tuple[int, str, bool]] = []
    line = 1
    for n, part in enumerate(text.split("%")):
        extended = n % 2 == 1
        blocks = part.split("*")
        if extended:  # all blocks of one per cent pair belong together (macros)
            found.append(
                (line, "*".join(b.replace("\n", "").replace("\r", "").strip() for b in blocks).rstrip("*"), True)
            )
        else:
            at = line
            for block in blocks:
                clean = block.replace("\r", "")
                lead = len(clean) - len(clean.lstrip("\n"))
                found.append((at + clean[:lead].count("\n"), clean.replace("\n", "").strip(), False))
                at += block.count("\n")
        line += part.count("\n")
    if text.count("%") % 2:
        raise LayoutError(f"{file}, line {line}: a per cent sign is missing; the file is cut off.")
    return found


def _extended(state: _State, block: str) -> None:
    """One command, or several as old programs put between two per cent signs; a macro is one."""
    for command in [block] if block.startswith("AM") else block.split("*"):
        code, rest = command[:2], command[2:]
        if code in EXTENDED:
            EXTENDED[code](state, rest)
        elif code in ("TF", "TA", "TO", "TD"):
            _attribute(state, command)
        elif code == "AB":
            raise state.refuse("block apertures (AB) are not read; write the layer without them.")
        elif command in WHOLE_PICTURE:
            continue
        elif code in ("IP", "IR", "MI", "OF", "SF", "AS"):
            raise state.refuse(f"the old command {command[:20]} changes the whole picture; write the layer without it.")


def _format(state: _State, rest: str) -> None:
    match = re.match(r"([LTD]?)([AI])X(\d)(\d)Y(\d)(\d)", rest)
    if not match or match.group(2) == "I" or match.group(1) == "T":
        raise state.refuse("coordinates must be absolute with leading zeros left out (%FSLA…); write the file so.")
    state.decimals = (int(match.group(4)), int(match.group(6)))


def _unit(state: _State, rest: str) -> None:
    units = {"MM": MM_UM, "IN": INCH_UM}
    if rest[:2] not in units:
        raise state.refuse(f"the unit “{rest}” is unknown; it must be MM or IN.")
    state.unit_um = units[rest[:2]]


def _define_aperture(state: _State, rest: str) -> None:
    match = re.match(r"D(\d+)([^,]+),?(.*)", rest)
    if not match:
        raise state.refuse(f"the aperture definition “{rest[:40]}” is not understood.")
    number, kind = int(match.group(1)), match.group(2)
    try:
        given = [float(v) for v in match.group(3).split("X")] if match.group(3) else []
        made = (
            gerber_apertures.macro(state.macros[kind], given)
            if kind in state.macros
            else gerber_apertures.standard(kind, given)
        )
    except (ValueError, IndexError, TypeError) as error:
        raise state.refuse(f"the aperture D{number} cannot be made ({error}).") from None
    function = state.of_aperture.get(".AperFunction", [""])
    state.apertures[number] = _Aperture(*made, function[0] if function else "")


def _define_macro(state: _State, rest: str) -> None:
    name, *body = rest.split("*")
    state.macros[name] = [b.strip() for b in body if b.strip()]


def _repeat(state: _State, rest: str) -> None:
    if not rest:
        state.repeat = [(0.0, 0.0)]
        return
    match = re.fullmatch(r"X([1-9]\d*)Y([1-9]\d*)I(\d+\.?\d*|\.\d+)J(\d+\.?\d*|\.\d+)", rest)
    if not match:
        raise state.refuse(f"the repetition SR{rest[:40]} is not understood; it has the form SRX2Y3I5.0J4.0.")
    columns, rows, dx, dy = int(match.group(1)), int(match.group(2)), float(match.group(3)), float(match.group(4))
    if columns * rows > MOST_COPIES:
        raise state.refuse(f"{columns} × {rows} copies of the board are more than Padscope takes.")
    state.repeat = [(i * dx, j * dy) for i in range(columns) for j in range(rows)]


def _set(name: str, convert: Callable[[str], object]) -> Callable[[_State, str], None]:
    def apply(state: _State, rest: str) -> None:
        try:
            setattr(state, name, convert(rest))
        except ValueError:
            raise state.refuse(f"“{rest[:40]}” is not a number.") from None

    return apply


EXTENDED: dict[str, Callable[[_State, str], None]] = {
    "FS": _format,
    "MO": _unit,
    "AD": _define_aperture,
    "AM": _define_macro,
    "SR": _repeat,
    "LP": _set("dark", lambda rest: rest.startswith("D")),
    "LM": _set("mirror", str),
    "LR": _set("turn_deg", float),
    "LS": _set("scaling", float),
}


def _attribute(state: _State, block: str) -> None:
    """TF of the file, TA of apertures to come, TO of objects to come; TD forgets."""
    code, (name, *values) = block[:2], block[2:].split(",")
    values = [ESCAPED.sub(lambda m: chr(int(m.group(1), 16)), v) for v in values]
    if code == "TF" and name == ".FileFunction" and values[:1] == ["Component"]:
        raise state.refuse("an X3 component layer says where parts lie, not how large pads are; choose a copper layer.")
    if code == "TF" and name == ".FileFunction":
        words = {v.upper() for v in values}
        state.side = next((side for word, side in SIDES.items() if word in words), "")
    elif code == "TA":
        state.of_aperture[name] = values
    elif code == "TO":
        state.of_object[name] = values
    elif code == "TD":
        for table in (state.of_aperture, state.of_object):
            if name:
                table.pop(name, None)
            else:
                table.clear()


def _command(state: _State, block: str) -> None:
    words = WORD.findall(block)
    if not words or "".join(a + b for a, b in words) != block.replace(" ", ""):
        raise state.refuse(f"“{block[:40]}” is no Gerber command.")
    x, y = state.at
    i = j = 0.0
    operation = state.operation if any(letter in "XY" for letter, _ in words) else 0
    for letter, number in words:
        if letter == "G":
            _prepare(state, int(float(number)))
        elif letter == "D":
            operation = int(float(number))
        elif letter in "XI":
            value = _coordinate(state, number, 0)
            x, i = (value, i) if letter == "X" else (x, value)
        else:
            value = _coordinate(state, number, 1)
            y, j = (value, j) if letter == "Y" else (y, value)
    if operation >= 10:
        state.current = operation
        return
    state.operation = operation or state.operation  # old files say it once for the points that follow
    if operation == 1 and state.region is not None:
        if not state.region:
            state.region.append([state.at])
        state.region[-1] += _line(state, (x, y), (i, j))
    elif operation == 2 and state.region is not None:
        state.region.append([(x, y)])
    elif operation == 3:
        _flash(state, x, y)
    state.at = (x, y)


def _prepare(state: _State, code: int) -> None:
    if code in (1, 2, 3):
        state.motion = code
    elif code == 36:
        state.region = []
    elif code == 37 and state.region is not None:
        outlines, state.region = state.region, None
        for outline in outlines:
            _finish_region(state, np.array(outline, dtype=np.float64))
    elif code in (74, 75):
        state.one_quadrant = code == 74
    elif code in (70, 71):
        state.unit_um = INCH_UM if code == 70 else MM_UM
    elif code == 91:
        raise state.refuse("incremental coordinates (G91) are not read; write absolute ones.")


def _coordinate(state: _State, number: str, axis: int) -> float:
    if state.decimals is None:
        raise state.refuse("the file does not say how its numbers are written (%FSLA…) before its first point.")
    try:
        return float(number) if "." in number else int(number) / 10 ** state.decimals[axis]
    except ValueError:
        raise state.refuse(f"“{number}” is not a number.") from None


def _line(state: _State, to: tuple[float, float], centre: tuple[float, float]) -> list[tuple[float, float]]:
    """Points of a straight line or an arc (G75: its centre from its start; G74: the same without signs)."""
    if state.motion == 1:
        return [to]
    middle = np.array(state.at) + (_signed(state, to, centre) if state.one_quadrant else centre)
    start, end = np.array(state.at) - middle, np.array(to) - middle
    first, last = math.atan2(start[1], start[0]), math.atan2(end[1], end[0])
    sweep = (last - first) % (2 * math.pi) if state.motion == 3 else -((first - last) % (2 * math.pi))
    if abs(sweep) < 1e-9:
        sweep = 2 * math.pi if state.motion == 3 else -2 * math.pi
    count = max(2, math.ceil(abs(sweep) / ARC_STEP))
    radius = np.linspace(np.hypot(*start), np.hypot(*end), count + 1)[1:]
    angle = np.linspace(first, first + sweep, count + 1)[1:]
    points = middle + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return [(float(px), float(py)) for px, py in points[:-1]] + [to]


def _signed(state: _State, to: tuple[float, float], centre: tuple[float, float]) -> tuple[float, float]:
    """The one of the four centres that lies as far from the start as from the end, with at most a quarter turn between."""
    way = 1.0 if state.motion == 3 else -1.0

    def unlikely(signed: tuple[float, float]) -> tuple[bool, float]:
        start, end = (np.array(p) - np.array(state.at) - signed for p in (state.at, to))
        turn = way * math.atan2(start[0] * end[1] - start[1] * end[0], start @ end)
        return not -1e-6 <= turn <= math.pi / 2 + 1e-6, abs(float(np.hypot(*start) - np.hypot(*end)))

    return min(((a * centre[0], b * centre[1]) for a in (1, -1) for b in (1, -1)), key=unlikely)


def _flash(state: _State, x: float, y: float) -> None:
    aperture = state.apertures.get(state.current)
    if aperture is None:
        raise state.refuse(f"the aperture D{state.current} is used before it is defined.")
    t = math.radians(state.turn_deg)
    turn = np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])
    mirror = np.array([-1.0 if "X" in state.mirror else 1.0, -1.0 if "Y" in state.mirror else 1.0])
    outline = (aperture.outline * mirror * state.scaling) @ turn + (x, y)
    _add(state, outline, aperture.diameter * state.scaling, aperture.function)


def _finish_region(state: _State, outline: NDArray[np.float64]) -> None:
    if len(outline) > 1 and np.allclose(outline[0], outline[-1], atol=1e-9):
        outline = outline[:-1]
    if len(outline) >= 3:
        function = state.of_aperture.get(".AperFunction", [""])
        _add(state, outline, 0.0, function[0] if function else "")


def _add(state: _State, outline: Outline, diameter: float, function: str) -> None:
    if not state.unit_um:
        raise state.refuse("the file does not say its unit (%MOMM*% or %MOIN*%) before its first pad.")
    if not state.dark or not np.ptp(outline, axis=0).all():
        return  # cleared, or an aperture of no size
    name = "-".join(v for v in state.of_object.get(".P", [])[:2] if v) or next(iter(state.of_object.get(".C", [])), "")
    net = next(iter(state.of_object.get(".N", [])), "")
    for dx, dy in state.repeat:
        corners = (outline + np.array([dx, dy])) * state.unit_um
        state.shapes.append(
            Shape(corners, name, "" if net == "N/C" else net, function, diameter * state.unit_um, function == FIDUCIAL)
        )
