"""The house of README holds: a room uses what stands below it, never what stands above it or beside it across a wall."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "core" / "padscope"
DESKTOP = ROOT / "desktop" / "padscope_desktop"

NAMES = {"types", "errors", "configs", "resources"}
SEEING = NAMES | {"pictures", "boards", "tiling", "masks", "datasets"}
LEARNING = NAMES | {"nets", "stats"}
JUDGING = {"detectors", "calibration", "metrics"}
MAY_USE = {
    "types": {"errors"},
    "errors": set(),
    "resources": {"errors"},
    "configs": {"errors"},
    "pictures": NAMES,
    "tiling": NAMES,
    "masks": NAMES,
    "boards": NAMES | {"tiling", "masks"},
    "datasets": SEEING,
    "formats": NAMES | {"pictures", "masks", "datasets"},
    "nets": NAMES,
    "stats": NAMES,
    "detectors": LEARNING | {"tiling"},
    "calibration": NAMES,
    "metrics": NAMES,
    "store": NAMES | {"boards", "calibration", "masks"},
    "reports": NAMES | {"boards", "pictures", "tiling"},
    "workflows": SEEING | LEARNING | JUDGING | {"formats", "store", "reports"},
    "cli": SEEING | LEARNING | JUDGING | {"formats", "store", "reports", "workflows"},
}


def modules(root: Path) -> list[Path]:
    return sorted(root.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Dotted names imported anywhere in a file, also inside functions; `from a import b` gives a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_used(path: Path) -> set[str]:
    own = {p.stem if p.is_file() else p.name for p in CORE.iterdir()}
    parts = [name.split(".") for name in imports(path)]
    return {p[1] for p in parts if p[0] == "padscope" and len(p) > 1 and p[1] in own}


@pytest.mark.parametrize(
    "path", [p for p in modules(CORE) if p != CORE / "__init__.py"], ids=lambda p: str(p.relative_to(CORE))
)
def test_a_room_uses_only_what_stands_below_it(path: Path) -> None:
    here = room(path)
    assert here in MAY_USE, f"{here} has no place in the house; give it one in README and in MAY_USE"
    beyond = rooms_used(path) - MAY_USE[here] - {here}
    assert not beyond, f"{path.relative_to(ROOT)} reaches into {beyond}"


def test_core_knows_no_qt() -> None:
    for path in modules(CORE):
        qt = {n for n in imports(path) if n.split(".")[0] in {"PySide6", "pyqtgraph"}}
        assert not qt, path
        desktop = {n for n in imports(path) if n.split(".")[0] == "padscope_desktop"}
        assert not desktop or path == CORE / "cli" / "gui.py", path


def test_the_desktop_never_touches_the_science_directly() -> None:
    for path in modules(DESKTOP):
        for name in imports(path):
            assert not name.startswith(
                ("padscope.nets", "padscope.stats", "padscope.detectors", "torch", "timm", "faiss")
            ), path


def test_the_viewer_takes_arrays_and_gives_signals() -> None:
    for path in modules(DESKTOP / "viewer"):
        for name in imports(path):
            assert not name.startswith(("padscope.store", "padscope.workflows", "padscope_desktop.panels")), path


def test_only_store_speaks_sql() -> None:
    for path in modules(CORE) + modules(DESKTOP):
        sql = {n for n in imports(path) if n.split(".")[0] in {"sqlite3", "sqlite_utils"}}
        allowed = path.is_relative_to(CORE / "store") or path == CORE / "workflows" / "doctor.py"
        assert allowed or not sql, path


LATE = ("torch", "timm", "cv2", "scipy", "ezdxf", "reportlab", "sqlite_utils", "tifffile", "PIL", "pyqtgraph")
"""Libraries that take longer to load than a person wants to wait for a window."""


def test_the_window_is_there_before_anything_heavy_is_loaded() -> None:
    """What `padscope gui` loads before its event loop runs."""
    code = f"import sys, padscope_desktop.app; print([m for m in {LATE} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_imports_no_torch_before_it_is_needed() -> None:
    code = "import sys; from padscope.cli import main; main(['list-detectors', '--json']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_nothing_unpickles_or_evaluates() -> None:
    for path in modules(CORE) + modules(DESKTOP):
        assert not {n.split(".")[0] for n in imports(path)} & {"pickle", "cloudpickle", "dill", "joblib", "shelve"}, (
            path
        )
        calls = {
            n.func.id
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not calls & {"eval", "exec"}, path
