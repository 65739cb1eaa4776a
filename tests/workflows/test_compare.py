import csv
from dataclasses import replace

import pytest

from padscope.errors import InputError, UsageError
from padscope.types import finish
from padscope.workflows import compare
from padscope.workflows.compare import Compared, Entrant, compare_on_tiles, entrant
from padscope.workflows.compare_tables import COLUMNS, table_csv, table_markdown, table_rows
from padscope.workflows.compare_text import WIDE, WORDS, table_text


def run(name, auroc, miss=0.1, seed=0, **changes):
    image = {"auroc": auroc, "auroc_interval": (0.8, 0.95), "zero_miss_fpr": miss}
    result = {"image": image, "seconds_per_tile": 0.0125}
    return replace(Compared(name, seed, None, result, 3.21, 12.0, None), **changes)


def test_the_tables_have_every_column_and_mark_the_best():
    found = [
        run("one", 0.9, 0.3),
        run("two", 0.95, 0.2),
        run("three", None, result={}, failed="no | weights\nhere."),
    ]
    rows = list(csv.DictReader(table_csv(found).splitlines()))
    assert [r["detector"] for r in rows[:2]] == ["one", "two"]
    assert {c.name for c in COLUMNS} < set(rows[0])
    assert (float(rows[0]["image_auroc"]), float(rows[0]["ms_per_tile"]), rows[0]["pixel_f1"]) == (0.9, 12.5, "")
    assert (float(rows[1]["image_auroc_low"]), rows[2]["image_auroc_low"]) == (0.8, "")
    text = table_markdown(found)
    assert "| one | 0.9000 (0.800–0.950) |" in text
    assert "**0.9500**" in text
    assert "**0.2000**" in text  # the fewest false alarms are the best
    assert "**0.3000**" not in text
    assert "no \\| weights here." in text
    assert "gpu_memory_mb" not in text, "nobody has any"
    assert len({row.count(" | ") for row in text.splitlines()}) == 1


def test_several_seeds_give_a_mean_and_its_spread():
    found = [
        run("one", 0.90),
        run("one", 0.92, seed=1),
        run("one", 0.94, seed=2),
        run("two", 0.93),
        run("two", None, seed=1),
    ]
    first, second = table_rows(found)
    assert (first["seeds"], first["image_auroc"], first["image_auroc_sd"]) == (
        3, pytest.approx(0.92), pytest.approx(0.02)
    )  # fmt: skip
    assert (second["image_auroc"], second["image_auroc_sd"]) == (0.93, None)
    assert "0.9200 ± 0.0200" in table_markdown(found)
    assert "sd" not in "".join(table_rows([run("one", 0.9)])[0])


def test_an_entrant_is_a_detector_with_or_without_settings():
    assert entrant("mhbc:form=place:bank_size=500") == Entrant("mhbc", {"form": "place", "bank_size": "500"})
    assert entrant("mhbc:form=place").name == "mhbc:form=place"
    for text, words in [
        ("nothing", "no detector “nothing”"),
        ("mhbc:wings=2", "wings"),
        ("mhbc:form=x", "one of"),
        ("blob:5", "with settings"),
    ]:
        with pytest.raises(UsageError, match=words):
            entrant(text)


def test_one_that_fails_does_not_stop_the_others(tmp_path, monkeypatch):
    seen = []

    def train(root, *, detector, settings, seed, **_):
        yield from ()
        seen.append((detector, dict(settings), seed))
        if detector == "patchcore":
            raise InputError("No weights here.") if seed == 3 else UsageError("No such level here.")
        return type("Model", (), {"arrays": {}})()

    def evaluate(model, root, **_):
        yield from ()
        return {"seconds_per_tile": 1.0}

    monkeypatch.setattr(compare, "train_on_tiles", train)
    monkeypatch.setattr(compare, "evaluate_on_tiles", evaluate)
    found = finish(compare_on_tiles(tmp_path, [Entrant("patchcore"), Entrant("blob", {"blur": 1})], seeds=(3, 4)))
    assert [(c.name, c.seed, c.failed) for c in found] == [
        ("patchcore", 3, "No weights here."),
        ("patchcore", 4, "No such level here."),
        ("blob:blur=1", 3, ""),
        ("blob:blur=1", 4, ""),
    ]
    assert seen[2:] == [("blob", {"blur": 1}, 3), ("blob", {"blur": 1}, 4)]
    assert found[2].result == {"seconds_per_tile": 1.0}


def test_growth_is_seen():
    with compare._growth() as grown:
        block = bytearray(200_000_000)
        for at in range(0, len(block), 4096):
            block[at] = 1
        compare.time.sleep(5 * compare.SAMPLE_S)  # the sampler must look at least once
        del block
    assert grown() > 150e6


def test_the_table_for_a_terminal_is_never_too_wide_and_says_everything():
    names = ["patchcore", "padim", "mhbc:form=place:bank_size=500", "ganomaly", "draem", "grdnet", "vqganodip", "blob"]
    found = [run(name, 0.90 + k / 100 + seed / 1000, seed=seed) for k, name in enumerate(names) for seed in range(3)]
    found.append(run("cfa", None, result={}, failed="no weights"))
    text = table_text(found)
    assert max(map(len, text.splitlines())) <= WIDE
    for part in ":".join(names).split(":"):
        assert f" {part}\n" in text or f" {part} " in text
    assert text.count("0.971 ± 0.001*") == 1
    assert text.count("*") == 2, "one best of the row that differs, and its explanation"
    assert "0.80–0.95" in text
    assert "GPU memory" not in text, "nobody has any"
    assert "3 seeds" in text


def test_one_detector_needs_no_stars():
    text = table_text([run("patchcore", 0.95)])
    assert text.splitlines()[1].split() == ["image", "AUROC", "0.950"]
    assert "*" not in text
    assert "±" not in text


def test_every_measure_has_words_for_a_person():
    assert set(WORDS) == {c.name for c in COLUMNS}


def test_memory_that_an_earlier_run_freed_counts_again():
    """Small blocks stay in the process when they are freed; a run that takes them again still needs them."""
    grown = []
    for _ in range(2):
        with compare._growth() as growth:
            block = [bytes(1000) for _ in range(150_000)]
            compare.time.sleep(5 * compare.SAMPLE_S)
            del block
        grown.append(growth())
    assert grown[1] > 0.6 * grown[0] > 50e6
