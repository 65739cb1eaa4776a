"""`compare` and `merge` as `cli.md` fixes them."""

import csv
import json

import cv2
import numpy as np
import pytest

from padscope.cli import main
from padscope.store.artifacts import load_model
from padscope.store.database import create_project, open_project
from padscope.store.rows import PictureRow


@pytest.fixture
def tiles(tmp_path):
    """Noise, and noise with a dark blot, in MVTec-AD folders."""
    root, rng = tmp_path / "tiles", np.random.default_rng(0)

    def write(place, blot):
        picture = rng.normal(150, 4, (64, 64)).clip(0, 255).astype(np.uint8)
        if blot:
            picture[20:36, 20:40] = 20
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), picture)

    for k in range(12):
        write(f"train/good/{k:03}.png", False)
    for k in range(4):
        write(f"test/good/{k:03}.png", False)
        write(f"test/blot/{k:03}.png", True)
        mask = np.zeros((64, 64), np.uint8)
        mask[20:36, 20:40] = 255
        (root / "ground_truth" / "blot").mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(root / "ground_truth" / "blot" / f"{k:03}_mask.png"), mask)
    return root


def test_compare_writes_both_tables_and_the_models(tiles, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["compare", "--tiles", str(tiles), "--detectors", "blob", "--out", str(out), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["detectors"]
    assert row["image"]["auroc"] == 1.0
    low, high = row["image"]["auroc_interval"]
    assert 0 < low < 0.9 < high <= 1  # four of each prove little
    assert sorted(p.name for p in out.iterdir()) == ["blob.padmodel", "compare.csv", "compare.md"]
    (line,) = csv.DictReader((out / "compare.csv").read_text(encoding="utf-8").splitlines())
    assert float(line["image_auroc"]) == 1.0
    assert float(line["train_s"]) > 0
    assert load_model(out / "blob.padmodel").detector == "blob"


def test_compare_tells_the_spread_over_seeds(tiles, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["compare", "--tiles", str(tiles), "--detectors", "blob,blob:blur=1", "--seeds", "2", "--seed", "5"]
    assert main([*command, "--out", str(out)]) == 0
    assert "blur=1 " in capsys.readouterr().out.splitlines()[1] + " "
    assert sorted(p.name for p in out.glob("*.padmodel")) == [
        f"blob{s}-seed{n}.padmodel" for s in ("-blur=1", "") for n in (5, 6)
    ]
    first, second = csv.DictReader((out / "compare.csv").read_text(encoding="utf-8").splitlines())
    assert (first["seeds"], second["detector"]) == ("2", "blob:blur=1")
    assert float(first["image_auroc_sd"]) >= 0


@pytest.mark.parametrize("names", ["", ",", "blob,blob", "blob,nothing", "blob:wings=2"])
def test_compare_refuses_wrong_names(tiles, names):
    assert main(["compare", "--tiles", str(tiles), "--detectors", names]) == 2


def test_compare_says_when_nothing_worked(tmp_path, capsys):
    assert main(["compare", "--tiles", str(tmp_path / "absent"), "--detectors", "blob"]) == 1
    assert "blob failed" in capsys.readouterr().err


def test_merge_reports_and_rehearses(tmp_path, capsys):
    a, b = tmp_path / "a.padscope", tmp_path / "b.padscope"
    create_project(a).close()
    with create_project(b) as p:
        p.add_picture(PictureRow("1" * 64, "x.jpg", 6, 5))
    assert main(["merge", str(a), str(b), "--dry-run", "--json"]) == 0
    rehearsed = json.loads(capsys.readouterr().out)
    assert (rehearsed["dry_run"], rehearsed["merged"][0]["pictures"]) == (True, 1)
    with open_project(a) as p:
        assert p.pictures() == ()
    assert main(["merge", str(a), str(b), "--author", "AB"]) == 0
    assert "1 pictures" in capsys.readouterr().out
    with open_project(a) as p:
        assert len(p.pictures()) == 1
        assert p.history()[-1].author == "AB"
    assert main(["merge", str(a), str(b)]) == 0
    assert "nothing are new" in capsys.readouterr().out


def test_merge_takes_all_or_none(tmp_path, capsys):
    a, b, bad = (tmp_path / f"{name}.padscope" for name in ("a", "b", "bad"))
    create_project(a).close()
    with create_project(b) as p:
        p.add_picture(PictureRow("1" * 64, "x.jpg", 6, 5))
    bad.write_bytes(b"rubbish")
    assert main(["merge", str(a), str(b), str(bad)]) == 1
    assert main(["merge", str(a), str(b), str(a)]) == 1
    assert "into itself" in capsys.readouterr().err
    with open_project(a) as p:
        assert p.pictures() == ()
