"""The command line as `cli.md` fixes it: names, files, JSON; on boards drawn on the spot."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from padscope.cli import main

PADMAP_KEYS = {"schema", "picture", "pose", "model", "rules", "created_at", "software", "pads"}
BONDMAP = (
    "pad,wire,verdict,planned_x_um,planned_y_um,proposed_x_um,proposed_y_um,shift_x_um,shift_y_um,margin_um,"
    "picture_x_px,picture_y_px,defect_classes"
)
BONDMAP_MORE = "planned_picture_x_px,planned_picture_y_px,reviewer,model,rules,picture_sha256"


def said(capsys, *arguments) -> dict:
    """One JSON object on stdout, and nothing else there."""
    capsys.readouterr()
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_info(bench, capsys) -> None:
    facts = said(capsys, "info", bench.blemished)
    assert {"width_px", "height_px", "channels", "bits", "format", "um_per_px", "scale_source"} <= set(facts)
    assert {"scale_verified", "model", "lens", "magnification", "captured_at"} <= set(facts)
    assert facts["scale_source"] == "none"
    typed = said(capsys, "info", bench.blemished, "--um-per-px", "2.5")
    assert (typed["um_per_px"], typed["scale_source"]) == (2.5, "typed")


def test_list_detectors_names_settings_with_ranges(capsys) -> None:
    rows = {r["name"]: r for r in said(capsys, "list-detectors")["detectors"]}
    assert {"patchcore", "blob"} <= set(rows)
    for row in rows.values():
        for s in row["settings"]:
            assert {"name", "default", "label", "unit", "low", "high", "choices"} <= set(s)


def test_doctor_says_something_about_everything(capsys) -> None:
    main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {c["status"] for c in checks} <= {"ok", "warn", "fail"}
    assert all(c["remedy"] for c in checks if c["status"] != "ok")


def test_inspect_writes_what_the_contract_says(bench, tmp_path, capsys) -> None:
    out, project = tmp_path / "maps", tmp_path / "p.padscope"
    before = bench.blemished.read_bytes()
    command = ["inspect", bench.blemished, "--layout", bench.layout_file, "--model", bench.model, "--out", out]
    said(capsys, *command, "--heat", "--project", project)
    assert bench.blemished.read_bytes() == before
    assert {p.name for p in out.iterdir()} == {
        f"blemished.{s}" for s in ("padmap.json", "bondmap.csv", "pdf", "heat.npz")
    }
    pad_map = json.loads((out / "blemished.padmap.json").read_text(encoding="utf-8"))
    assert set(pad_map) >= PADMAP_KEYS
    assert [p["id"] for p in pad_map["pads"]] == [p.id for p in bench.layout.pads]
    assert {w["id"] for p in pad_map["pads"] for w in p["wires"]} == {w.id for w in bench.layout.wires}
    assert np.shape(pad_map["pose"]["um_to_px"]) == (2, 3)
    lines = (out / "blemished.bondmap.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"{BONDMAP},{BONDMAP_MORE}"
    assert len(list(csv.DictReader(lines))) == len(bench.layout.wires)
    assert (out / "blemished.pdf").read_bytes().startswith(b"%PDF")
    level = np.load(out / "blemished.heat.npz")["level"]
    assert level.dtype == np.float16
    width, height = pad_map["picture"]["width_px"], pad_map["picture"]["height_px"]
    assert level.shape == (-(-height // 8), -(-width // 8))
    assert np.isnan(level).any()
    assert np.isfinite(level).any()
    assert project.is_file()


def test_inspecting_twice_gives_the_same_map(bench, tmp_path, capsys) -> None:
    maps = []
    for name in ("a", "b"):
        out = tmp_path / name
        said(capsys, "inspect", bench.blemished, "--layout", bench.layout_file, "--model", bench.model, "--out", out)
        maps.append(json.loads((out / "blemished.padmap.json").read_text(encoding="utf-8")) | {"created_at": ""})
    assert maps[0] == maps[1]


def test_what_was_painted_in_the_project_wins_over_heat(bench, tmp_path, capsys) -> None:
    from padscope.masks.edits import replaced
    from padscope.store import labels
    from padscope.store.database import open_project
    from padscope.types import Affine, Box

    out, project = tmp_path / "maps", tmp_path / "p.padscope"
    command = [
        "inspect",
        bench.blemished,
        "--layout",
        bench.layout_file,
        "--model",
        bench.model,
        "--out",
        out,
        "--project",
        project,
    ]
    said(capsys, *command)
    before = json.loads((out / "blemished.padmap.json").read_text(encoding="utf-8"))
    sound = next(p["id"] for p in before["pads"] if p["verdict"] == "OK")
    flagged = [p["id"] for p in before["pads"] if p["defects"]]
    assert flagged, "otherwise this test proves nothing"
    pad = bench.layout.pad[sound]
    x, y = Affine.from_rows(before["pose"]["um_to_px"]).apply(np.array([pad.x_um, pad.y_um])).astype(int)
    with open_project(project) as opened:
        label = labels.begin_label(opened, before["picture"]["sha256"], author="AB")
        scratch = labels.add_class(opened, "scratch", "#D55E00")
        paint = np.full((20, 60), scratch.value, dtype=np.uint8)
        box = Box(int(x) - 30, int(y) - 10, int(x) + 30, int(y) + 10)
        labels.commit_edit(opened, label.id, replaced(labels.load_mask(opened, label.id), box, paint), tool="brush")
    said(capsys, *command)
    draft = {p["id"]: p for p in json.loads((out / "blemished.padmap.json").read_text(encoding="utf-8"))["pads"]}
    assert [d["class"].lower() for d in draft[sound]["defects"]] == ["scratch"]
    assert all(draft[pad]["defects"] for pad in flagged), "a draft says nothing about pads it does not touch"
    with open_project(project) as opened:
        labels.review_label(opened, label.id, state="done", comment="", author="AB")
    said(capsys, *command)
    done = {p["id"]: p for p in json.loads((out / "blemished.padmap.json").read_text(encoding="utf-8"))["pads"]}
    assert [pad for pad in done if done[pad]["defects"]] == [sound], "a finished label speaks for the whole board"


@pytest.fixture
def truth_folder(bench, tmp_path) -> Path:
    """The blemished drawn board with its truth beside it, as `evaluate` wants it."""
    from PIL import Image

    from padscope.cli.demo import BLEMISHED_SHARE
    from padscope.datasets.drawn_board import demo_pose, draw_board, random_blemishes

    pose, width, height = demo_pose(bench.layout)
    blemishes = random_blemishes(bench.layout, BLEMISHED_SHARE, seed=7)
    picture, mask = draw_board(bench.layout, pose, width, height, seed=100, defects=blemishes)
    Image.fromarray(picture).save(tmp_path / "b1.png")
    Image.fromarray(mask).save(tmp_path / "b1_mask.png")
    classes = {b.pad: "blemish" for b in blemishes}
    rows = "".join(f"{p.id},{classes.get(p.id, '')}\n" for p in bench.layout.pads)
    (tmp_path / "b1_truth.csv").write_text("pad,defect_class\n" + rows)
    (tmp_path / "b1_pose.csv").write_text(
        "layout_um_to_picture_px,a,b,tx,c,d,ty\naffine," + ",".join(map(str, pose.rows.ravel())) + "\n"
    )
    return tmp_path


def test_evaluate_on_boards(bench, truth_folder, capsys) -> None:
    result = said(capsys, "evaluate", "--model", bench.model, "--layout", bench.layout_file, "--boards", truth_folder)
    assert {"auroc", "recall", "false_alarm_rate", "zero_miss_fpr"} <= set(result["pad"])
    assert set(result["landing"]) == {"wires", "placed", "feet_on_defects"}
    assert result["landing"]["wires"] == len(bench.layout.wires)
    assert 0 <= result["pose"]["max_error_um"] < 5
    assert result["pad"]["auroc"] > 0.7, "even the blob baseline sees drawn blemishes"


def test_train_and_evaluate_on_tiles(tmp_path, capsys) -> None:
    from PIL import Image

    rng = np.random.default_rng(0)

    def picture(folder: str, name: str, blemish: bool = False) -> None:
        path = tmp_path / "set" / folder
        path.mkdir(parents=True, exist_ok=True)
        pixels = rng.normal(150, 4, (96, 130)).clip(0, 255).astype(np.uint8)
        if blemish:
            pixels[40:60, 50:80] = 20
            mask = np.zeros_like(pixels)
            mask[40:60, 50:80] = 255
            truth = tmp_path / "set" / "ground_truth" / "pit"
            truth.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(truth / f"{name}_mask.png")
        Image.fromarray(pixels).save(path / f"{name}.png")

    for i in range(16):
        picture("train/good", f"t{i}")
    for i in range(4):
        picture("test/good", f"g{i}")
        picture("test/pit", f"p{i}", blemish=True)
    model = tmp_path / "m.padmodel"
    trained = said(capsys, "train", "--detector", "blob", "--tiles", tmp_path / "set", "--model", model, "--seed", "3")
    assert trained["facts"]["learned_from"] == trained["facts"]["held_out"] == 16, "so few are cross-fitted"
    result = said(capsys, "evaluate", "--model", model, "--tiles", tmp_path / "set")
    assert {"auroc", "f1_max", "f1", "zero_miss_fpr", "per_class_auroc"} <= set(result["image"])
    assert {"auroc", "f1_max", "f1", "aupro", "dice"} <= set(result["pixel"])
    assert result["counts"] == {"good": 4, "pit": 4}
    assert result["image"]["auroc"] == 1
    assert result["pixel"]["auroc"] > 0.9
    assert result["seconds_per_tile"] > 0


def test_cancelling_leaves_nothing_half_written(bench, tmp_path, capsys, monkeypatch) -> None:
    from padscope.workflows import train

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "worst", interrupted)
    model = tmp_path / "m.padmodel"
    command = [
        "train",
        "--detector",
        "blob",
        "--layout",
        bench.layout_file,
        "--model",
        model,
        "--pictures",
        *bench.sound,
    ]
    assert main([str(a) for a in command]) == 130
    assert not list(tmp_path.iterdir())


def test_a_model_gets_another_threshold(bench, tmp_path, capsys) -> None:
    out = tmp_path / "other.padmodel"
    command = ["calibrate", "--model", bench.model, "--out", out, "--false-alarms", "0.3"]
    found = said(capsys, *command)
    assert found["false_alarm_share"] <= 0.3
    surer = said(capsys, *command, "--confidence", "0.99")
    assert surer["threshold"] > found["threshold"]
    assert "99% confidence" in surer["rule"]
    for wrong in ([], ["--false-alarms", "0.1", "--tiles", "x"], ["--boards", "x"]):
        assert main(["calibrate", "--model", str(out), "--out", str(out), *wrong]) == 2
    assert "--false-alarms SHARE, or labelled defects" in capsys.readouterr().err
