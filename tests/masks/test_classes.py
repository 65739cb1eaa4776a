import tomllib
from pathlib import Path

import pytest

from padscope.errors import InputError
from padscope.masks.classes import DefectClass, load_classes

ROOT = Path(__file__).resolve().parents[2]


def test_the_standard_classes_are_words_the_rules_know():
    found = load_classes(ROOT / "resources" / "classes" / "standard.toml")
    rules = tomllib.loads((ROOT / "resources" / "rules" / "standard.toml").read_text(encoding="utf-8"))
    assert {c.name for c in found} <= rules["classes"].keys()
    assert found[0] == DefectClass(1, "scratch", "#e69f00")
    assert len({c.colour for c in found}) == len(found)


GOOD = '[[class]]\nvalue = 1\nname = "a"\ncolour = "#AABBCC"\n'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no classes"),
        ("class = 3", "no classes"),
        ("[[class]", "not valid TOML"),
        (GOOD.replace("= 1", "= 0"), "1 to 255"),
        (GOOD.replace("= 1", '= "1"'), "1 to 255"),
        (GOOD + "size = 3", "exactly"),
        (GOOD.replace("#AABBCC", "red"), "#rrggbb"),
        (GOOD.replace('"a"', '" "'), "needs a name"),
        (GOOD + GOOD.replace("= 1", "= 2").replace('"a"', '"A"'), "repeats"),
        (GOOD + GOOD.replace('"a"', '"b"'), "repeats"),
    ],
)
def test_bad_tables_are_refused_with_a_word(tmp_path, text, word):
    path = tmp_path / "classes.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=word):
        load_classes(path)


def test_a_good_table_is_read(tmp_path):
    path = tmp_path / "classes.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_classes(path) == (DefectClass(1, "a", "#aabbcc"),)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not valid TOML"):
        load_classes(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_classes(tmp_path / "absent.toml")
