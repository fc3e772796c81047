"""`groove drums report`: the same figures from every kind of input, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from groove.cli.drums import drums
from groove.midi.taxonomy import CLASSES

RUN = CliRunner()


def run(*words: object, code: int = 0) -> str:
    result = RUN.invoke(drums, ["report", *(str(word) for word in words)])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def table() -> pd.DataFrame:
    chance = np.random.default_rng(0)
    true = chance.integers(0, 4, 80)
    likely = chance.random((80, 12)).round(3) * 0.49
    likely[np.arange(80), np.where(chance.random(80) < 0.7, true, 5)] = 0.9
    return pd.DataFrame({
        "kit_id": [f"kit{n}" for n in chance.integers(0, 4, 80)],
        "true_classes": [[CLASSES[k]] for k in true],
        "predicted_classes": [[CLASSES[k]] for k in likely.argmax(axis=1)],
        "probabilities": list(likely),
    })  # fmt: skip


def test_every_kind_of_input_gives_the_same_figures(table: pd.DataFrame, tmp_path: Path) -> None:
    rows = table.to_dict("records")
    no_drum = table.iloc[:9].assign(origin="other", predicted_classes=[["ride"]] * 9)
    pd.concat([table.assign(origin="hit"), no_drum]).to_parquet(tmp_path / "p.parquet")
    run(tmp_path / "p.parquet", "--json", tmp_path / "1.json", "--html", tmp_path / "r.html")

    names = [tmp_path / "shots" / f"{n}.wav" for n in range(len(rows))]
    shares = pd.DataFrame([row["probabilities"] for row in rows], columns=list(CLASSES))
    shares.insert(0, "file", [str(name) for name in names])
    shares.to_csv(tmp_path / "p.csv", index=False)
    (tmp_path / "labels.csv").write_text(
        "file,label,kit\n"
        + "".join(
            f"shots/{n}.wav,{row['true_classes'][0]},{row['kit_id']}\n"
            for n, row in enumerate(rows)
        )
    )
    run(tmp_path / "p.csv", "--truth", tmp_path / "labels.csv", "--json", tmp_path / "2.json")

    def lines(path: Path, listed: list[dict[str, Any]]) -> Path:
        path.write_text("".join(json.dumps(one) + "\n" for one in listed))
        return path

    manifest = lines(tmp_path / "m.jsonl", [
        {"sample_id": str(n), "session_id": "s", "kit_id": row["kit_id"], "audio_path": "a.wav",
         "onset_time": float(n), "components": [{"label": row["true_classes"][0]}]}
        for n, row in enumerate(rows)
    ])  # fmt: skip
    heard = lines(tmp_path / "p.jsonl", [
        {"sample_id": str(n), "probabilities": dict(zip(CLASSES, row["probabilities"].tolist(),
                                                        strict=True))}
        for n, row in enumerate(rows)
    ])  # fmt: skip
    said = run(heard, "--truth", manifest, "--json", tmp_path / "3.json")

    one, two, three = (json.loads((tmp_path / f"{n}.json").read_text()) for n in (1, 2, 3))
    assert one == two == three
    place = [CLASSES.index(row["true_classes"][0]) for row in rows]
    best = [int(np.argmax(row["probabilities"])) for row in rows]
    expected = f1_score(place, best, average="macro", labels=sorted({*place, *best}))
    assert one["macro_f1"] == pytest.approx(expected)
    assert f"macro-F1 {expected:.3f}" in said
    page = (tmp_path / "r.html").read_text()
    assert page.count("data:image/png;base64,") == 4
    assert not re.search(r"https?:|<script|<link", page)


def test_what_cannot_be_used_is_refused(table: pd.DataFrame, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("file,label\na.wav,kick\n")
    given = tmp_path / "p.csv"
    given.write_text("file,kick\na.wav,0.5\n")
    assert "give --truth" in run(given, code=2)
    assert "no column 'snare'" in run(given, "--truth", labels, code=2)
    head = ",".join(("file", *CLASSES))
    for cells, said in (
        (["x"] * 12, "line 2"), (["1.5"] * 12, "0..1"), (["nan"] * 12, "0..1"), (["1"], "short"),
    ):  # fmt: skip
        given.write_text(f"{head}\n{tmp_path / 'a.wav'},{','.join(cells)}\n")
        assert said in run(given, "--truth", labels, code=2)
    labels.write_text("file,label\na.wav,zither\n")
    assert "'zither' is in no taxonomy" in run(given, "--truth", labels, code=2)
    labels.write_text("file,label\nb.wav,kick\n")
    given.write_text(f"{head}\na.wav,{','.join(['0.5'] * 12)}\n")
    assert "no prediction" in run(given, "--truth", labels, code=2)
    (tmp_path / "bad.parquet").write_bytes(b"no")
    assert "no table" in run(tmp_path / "bad.parquet", code=2)
    table.drop(columns="kit_id").to_parquet(tmp_path / "less.parquet")
    assert "no table" in run(tmp_path / "less.parquet", code=2)
    assert "gone" in run(tmp_path / "gone.parquet", code=2)
