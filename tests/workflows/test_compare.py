import csv
from dataclasses import replace

import pytest

from padscope.errors import InputError, UsageError
from padscope.types import finish
from padscope.workflows import compare
from padscope.workflows.compare import COLUMNS, Compared, compare_on_tiles, table_csv, table_markdown


def line(name, auroc, miss=0.1, **changes):
    image = {"auroc": auroc, "auroc_interval": (0.8, 0.95), "zero_miss_fpr": miss}
    result = {"image": image, "seconds_per_tile": 0.0125}
    return replace(Compared(name, None, result, 3.21, 12.0, None), **changes)


def test_the_tables_have_every_column_and_mark_the_best():
    found = [
        line("one", 0.9, 0.3),
        line("two", 0.95, 0.2),
        line("three", None, result={}, failed="no | weights\nhere."),
    ]
    rows = list(csv.DictReader(table_csv(found).splitlines()))
    assert [r["detector"] for r in rows[:2]] == ["one", "two"]
    assert list(rows[0]) == [name for name, _, _ in COLUMNS]
    assert (float(rows[0]["image_auroc"]), float(rows[0]["ms_per_tile"]), rows[0]["pixel_f1"]) == (0.9, 12.5, "")
    text = table_markdown(found)
    assert "| one | 0.9000 | 0.800–0.950 |" in text
    assert "**0.9500**" in text
    assert "**0.2000**" in text  # the fewest false alarms are the best
    assert "**0.3000**" not in text
    assert "no \\| weights here." in text
    assert len({row.count(" | ") for row in text.splitlines()}) == 1


def test_one_that_fails_does_not_stop_the_others(tmp_path, monkeypatch):
    def train(root, *, detector, **_):
        yield from ()
        if detector == "patchcore":
            raise InputError("No weights here.")
        return type("Model", (), {"arrays": {}})()

    def evaluate(model, root, **_):
        yield from ()
        return {"seconds_per_tile": 1.0}

    monkeypatch.setattr(compare, "train_on_tiles", train)
    monkeypatch.setattr(compare, "evaluate_on_tiles", evaluate)
    found = finish(compare_on_tiles(tmp_path, ["patchcore", "blob"]))
    assert [(c.detector, c.failed) for c in found] == [("patchcore", "No weights here."), ("blob", "")]
    assert found[1].result == {"seconds_per_tile": 1.0}


def test_unknown_names_are_refused_before_any_work(tmp_path):
    with pytest.raises(UsageError, match="no detector “nothing”"):
        finish(compare_on_tiles(tmp_path, ["blob", "nothing"]))


def test_growth_is_seen():
    with compare._growth() as grown:
        block = bytearray(200_000_000)
        for at in range(0, len(block), 4096):
            block[at] = 1
        compare.time.sleep(5 * compare.SAMPLE_S)  # the sampler must look at least once
        del block
    assert grown() > 150e6
