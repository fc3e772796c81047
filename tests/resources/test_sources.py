"""Raw input: what is listed, what is known about it, and that reading stays inside."""

import hashlib
import json
import os
import pickle
import uuid
from pathlib import Path

import pytest
from upath import UPath

from groove.core.inputs import RAW_FILES
from groove.core.tables import enforce_arrow
from resources.raw import RawPathError, SourcesError, folders_of
from resources.sources import Sources, counts
from resources.tables import parquet_bytes


def put(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def listed(tmp_path: Path, raw: Path | str) -> dict[str, dict]:
    frame = Sources(raw=str(raw), data=str(tmp_path / "data")).raw_files()
    assert frame["path"].is_monotonic_increasing
    rows = frame.to_dict(orient="records")
    return {row["path"]: {**row, "tags": json.loads(row["tags_json"])} for row in rows}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    root = tmp_path / "raw"
    put(
        root,
        {
            "loops/kit a/beat.mid": b"one",
            "loops/kit a/beat.meta.yaml": "style: lofi\nfeel: relaxed\ndensity: sparse\nfill: no\n",
            "loops/kit a/beat_fill__style-jazz_2.MID": b"two",
            "loops/kit a/notes.txt": "not music",
            "loops/kit a/.hidden.mid": b"three",
            "loops/.trash/gone.mid": b"four",
            "loops/bad.wav": b"five",
            "loops/bad.meta.yaml": "style: [unclosed\n",
            "songs/source.yaml": "source: our band\nlicence: CC-BY-4.0\n",
            "songs/deep/down/Tune (2).mid": b"six",
            "songs/deep/down/Tune.mid": b"seven",
            "hits/labels.csv": "file,label,kit,licence,room\nkick/a.flac,kick,Big,CC0-1.0,hall\n",
            "hits/kick/a.flac": b"eight",
            "hits/snare/b.wav": b"nine",
        },
    )
    return root


def test_lists_music_and_what_is_known_about_it(tmp_path, plain):
    rows = listed(tmp_path, plain)
    assert list(rows) == [
        "hits/kick/a.flac",
        "hits/snare/b.wav",
        "loops/bad.wav",
        "loops/kit a/beat.mid",
        "loops/kit a/beat_fill__style-jazz_2.MID",
        "songs/deep/down/Tune (2).mid",
        "songs/deep/down/Tune.mid",
    ]
    beat = rows["loops/kit a/beat.mid"]
    assert (beat["style"], beat["feel"], beat["is_fill"]) == ("lofi", "relaxed", False)
    assert beat["tags"] == {"density": "sparse"}
    assert (beat["format"], beat["bytes"]) == ("midi", 3)
    assert beat["sha256"] == hashlib.sha256(b"one").hexdigest()
    assert (beat["source"], beat["license"]) == ("kit a", "unknown")
    fill = rows["loops/kit a/beat_fill__style-jazz_2.MID"]
    assert (fill["style"], fill["is_fill"], fill["group"]) == ("jazz", True, beat["group"])


def test_a_bad_sidecar_leaves_the_file_listed_with_a_note(tmp_path, plain):
    bad = listed(tmp_path, plain)["loops/bad.wav"]
    assert "bad.meta.yaml: not YAML" in bad["tags"]["problem"]


def test_the_nearest_source_file_names_source_and_licence(tmp_path, plain):
    put(plain, {"songs/deep/source.yaml": "license: CC0-1.0"})
    rows = listed(tmp_path, plain)
    tune = rows["songs/deep/down/Tune.mid"]
    assert (tune["license"], tune["source"]) == ("CC0-1.0", "deep")
    assert tune["group"] == rows["songs/deep/down/Tune (2).mid"]["group"]


def test_a_manifest_in_the_folder_is_read(tmp_path, plain):
    rows = listed(tmp_path, plain)
    kick = rows["hits/kick/a.flac"]
    assert (kick["label"], kick["group"], kick["license"]) == ("kick", "Big", "CC0-1.0")
    assert kick["tags"] == {"kit": "Big", "room": "hall"}
    assert rows["hits/snare/b.wav"]["label"] == "snare"


def test_a_file_that_did_not_change_is_not_read_again(tmp_path, plain):
    sources = Sources(raw=str(plain), data=str(tmp_path / "data"))
    first = sources.raw_files()
    told = first.assign(sha256=["0" * 64] * len(first))
    put(tmp_path / "data" / "tables", {"raw_files.parquet": _parquet(told)})
    put(plain, {"loops/bad.wav": b"changed"})
    second = sources.raw_files().set_index("path")["sha256"]
    assert second["loops/bad.wav"] == hashlib.sha256(b"changed").hexdigest()
    assert set(second.drop("loops/bad.wav")) == {"0" * 64}


def _parquet(frame) -> bytes:
    return parquet_bytes(enforce_arrow(frame, RAW_FILES))


SHEET = """
- {kind: loops, path: takes, source: session tapes, license: CC-BY-4.0, manifest: info.csv,
   columns: {path: midi, group: player, style: genre}, include: ["*.mid"],
   groups: {ann: duo, bob: duo}}
- {kind: loops, path: more, name: extra, group_by: prefix}
- {kind: hits, path: /nowhere}
"""


def test_a_sources_file_declares_folders(tmp_path):
    put(
        tmp_path,
        {
            "in/sources.yaml": SHEET.replace("/nowhere", str(tmp_path / "kits")),
            "in/takes/info.csv": "midi,player,genre,official split\n"
            "ann/1.mid,ann,funk,test\nbob/2.mid,bob,jazz,train\ncy/3.mid,cy,,\n",
            "in/takes/ann/1.mid": b"1",
            "in/takes/bob/2.mid": b"2",
            "in/takes/cy/3.mid": b"3",
            "in/takes/cy/3.wav": b"left out by the pattern",
            "in/more/lib__a.mid": b"4",
            "kits/snare/x.wav": b"5",
        },
    )
    rows = listed(tmp_path, tmp_path / "in" / "sources.yaml")
    assert list(rows) == [
        "hits/kits/snare/x.wav",
        "loops/extra/lib__a.mid",
        "loops/takes/ann/1.mid",
        "loops/takes/bob/2.mid",
        "loops/takes/cy/3.mid",
    ]
    one = rows["loops/takes/ann/1.mid"]
    assert (one["style"], one["source"], one["license"]) == ("funk", "session tapes", "CC-BY-4.0")
    assert one["tags"]["official split"] == "test"
    assert one["group"] == rows["loops/takes/bob/2.mid"]["group"] == "takes/duo"
    assert rows["loops/takes/cy/3.mid"]["group"] == "takes/cy"
    assert rows["loops/extra/lib__a.mid"]["group"] == "extra/lib"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "a list of folders is expected"),
        ("- {kind: loop, path: x}", "folder 1, kind"),
        ("- {kind: loops, path: x, licens: MIT}", "folder 1, licens"),
        ("- {kind: loops, path: a/x}\n- {kind: loops, path: b/x}", "give one a name"),
        ("- {kind: loops, path: missing}", "is no folder"),
        ("- &a {kind: loops, path: x}\n- *a", "aliases are not allowed"),
    ],
)
def test_a_wrong_sources_file_is_refused_with_the_reason(tmp_path, text, reason):
    put(tmp_path, {"sources.yaml": text})
    with pytest.raises(SourcesError, match=reason):
        Sources(raw=str(tmp_path / "sources.yaml"), data=str(tmp_path / "data")).raw_files()


def test_a_manifest_without_its_columns_is_refused(tmp_path):
    put(
        tmp_path,
        {
            "s.yaml": "- {kind: hits, path: h, manifest: l.csv, columns: {label: class}}",
            "h/l.csv": "file,label\n",
        },
    )
    with pytest.raises(SourcesError, match="no column 'class'"):
        Sources(raw=str(tmp_path / "s.yaml"), data=str(tmp_path / "data")).raw_files()


@pytest.mark.parametrize(
    "path",
    [
        "loops/../songs/deep/down/Tune.mid",
        "loops//etc/passwd",
        "loops/",
        "loops/./bad.wav",
        "loops/a\\..\\..\\b",
        "/etc/passwd",
        "data/x",
    ],
)
def test_reading_never_leaves_the_folder(plain, path):
    with pytest.raises(RawPathError):
        folders_of(str(plain)).read(path)


def test_links_out_of_the_folder_are_neither_listed_nor_read(tmp_path, plain):
    put(tmp_path, {"outside/secret.mid": b"secret"})
    (plain / "loops" / "link.mid").symlink_to(tmp_path / "outside" / "secret.mid")
    (plain / "loops" / "linked").symlink_to(tmp_path / "outside")
    (plain / "loops" / "inner.mid").symlink_to(plain / "loops" / "kit a" / "beat.mid")
    reader = folders_of(str(plain))
    assert "loops/inner.mid" in listed(tmp_path, plain)
    assert not [p for p in listed(tmp_path, plain) if "link" in p]
    for path in ("loops/link.mid", "loops/linked/secret.mid"):
        with pytest.raises(RawPathError, match="leads out"):
            reader.read(path)


def test_a_kind_that_is_a_link_out_must_be_declared(tmp_path, plain):
    put(tmp_path, {"outside/secret.wav": b"secret"})
    (plain / "tracks").symlink_to(tmp_path / "outside")
    with pytest.raises(SourcesError, match="declare the folder"):
        folders_of(str(plain))


def test_a_folder_without_kinds_is_refused(tmp_path):
    with pytest.raises(SourcesError, match="has none of the folders"):
        folders_of(str(tmp_path))
    with pytest.raises(SourcesError, match="GROOVE_RAW"):
        folders_of(str(tmp_path / "missing"))


def test_an_object_store_works_like_a_folder(tmp_path):
    bucket = f"memory://{uuid.uuid4().hex}"
    for name, data in {
        "raw/loops/set/a.mid": b"a",
        "raw/loops/set/a.meta.yaml": b"style: funk",
        "raw/hits/kick/k.wav": b"k",
        "secret.mid": b"s",
    }.items():
        (UPath(bucket) / name).parent.mkdir(parents=True, exist_ok=True)
        (UPath(bucket) / name).write_bytes(data)
    rows = listed(tmp_path, f"{bucket}/raw")
    assert list(rows) == ["hits/kick/k.wav", "loops/set/a.mid"]
    assert rows["loops/set/a.mid"]["style"] == "funk"
    reader = pickle.loads(pickle.dumps(folders_of(f"{bucket}/raw")))  # noqa: S301  # our own bytes
    assert reader("loops/set/a.mid") == b"a"
    with pytest.raises(RawPathError):
        reader("loops/../../secret.mid")


def test_the_fingerprint_changes_with_the_files_and_only_then(tmp_path, plain):
    sources = Sources(raw=str(plain), data=str(tmp_path / "data"))
    first = sources.fingerprint()
    assert sources.fingerprint() == first
    put(plain, {"loops/bad.meta.yaml": "style: mended"})
    second = sources.fingerprint()
    (plain / "loops" / "bad.wav").unlink()
    assert len({first, second, sources.fingerprint()}) == 3


def test_counts_name_every_kind(tmp_path, plain):
    frame = Sources(raw=str(plain), data=str(tmp_path / "data")).raw_files()
    assert counts(frame) == {"loops": 3, "songs": 2, "tracks": 0, "hits": 2, "license_unknown": 4}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_listed_without_a_hash(tmp_path, plain):
    (plain / "loops" / "bad.wav").chmod(0)
    assert listed(tmp_path, plain)["loops/bad.wav"]["sha256"] == ""
