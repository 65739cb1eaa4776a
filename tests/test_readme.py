"""README says what is there, and its commands are the ones that run."""

import re
import shlex
from pathlib import Path

import pytest

from padscope.cli.main import parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in fenced if name == language]


def padscope_lines() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line.rsplit("&& .venv/bin/", 1)[-1] for line in lines if re.search(r"(^|/)padscope ", line)]


@pytest.mark.parametrize("line", padscope_lines())
def test_every_padscope_line_is_understood(line: str) -> None:
    words = shlex.split(line)
    assert words[0] == "padscope"
    assert parser().parse_args(words[1:]).function


def test_every_path_that_readme_names_exists() -> None:
    named = re.findall(r"`((?:core|desktop|tests|installer)/[\w./]*)`", README)
    assert len(named) > 8
    for path in named:
        assert (ROOT / path).exists(), path


def test_every_room_stands_in_the_picture_of_the_house() -> None:
    house = next(block for block in blocks("") if "conducting" in block)
    rooms = {p.stem for p in (ROOT / "core" / "padscope").iterdir() if not p.name.startswith("_")}
    missing = {room for room in rooms if not re.search(rf"\b{room}\b", house)}
    assert not missing


def test_pictures_that_readme_shows_exist() -> None:
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / path).is_file(), path


def test_ci_runs_the_readme_command() -> None:
    assert "README.md" in (ROOT / ".ci" / "run").read_text()
    assert "<!-- tests -->\n```sh\n" in README
