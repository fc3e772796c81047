"""Drum loops played on kits of one-shots, as the pipeline's rows: exact labels, recorded sound.

What belongs here: which loop meets which kit, and one of these pairs in, its render out. What does
not: playing (:mod:`~groove.drums.kitplayer.player`), what a one-shot is of
(:mod:`groove.audio.inventory`).

Conventions
-----------
* A loop meets kits of its own side of the split only: what is tested is an unseen groove on an
  unseen kit.
* Times are seconds from the render's first sample.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from groove.audio import loudness
from groove.audio.waveform import Waveform, encode, read_audio
from groove.core.columns import PROVENANCE, SPLIT
from groove.core.digest import digest, seed_of
from groove.core.inputs import originals
from groove.core.splits import SPLITS, TRAIN
from groove.core.store import Store
from groove.drums.kitplayer.kit import RATE, Kit, KitError, completed
from groove.drums.kitplayer.player import play
from groove.drums.kitplayer.recorded import OneShot, kits_of_one_shots
from groove.drums.kitplayer.spec import KitRenderSpec
from groove.drums.kitplayer.synthesised import LICENSE, synthesised_kit
from groove.drums.kitplayer.track import DrumTrack, track_of_song
from groove.midi import taxonomy
from groove.midi.notes import read_midi

VERSION = f"1+{taxonomy.DIGEST}"

CARRIED = tuple(column.name for column in (*PROVENANCE, *SPLIT))
_KIT_COLUMNS = ("kit_id", "kit_license", "kit_source", "hit_path", "hit_sha256", "one_shot_label")
#: Share of the renders whose grooves are of the training side.
_TRAINING = 0.6
#: Kits kept in memory by a worker: its items come kit by kit.
_KEPT = 3
_kits: OrderedDict[str, Kit] = OrderedDict()


def items(loop_index: pd.DataFrame, hit_index: pd.DataFrame, spec: KitRenderSpec) -> pd.DataFrame:
    """Return one row per render: a drum loop, and the one-shots of a kit of its side.

    Which loops and kits are taken depends on their names alone, so that a new file changes little.

    Parameters
    ----------
    loop_index, hit_index
        The tables; copies of other files are left out.
    spec
        How many.
    """
    kits = _kit_rows(hit_index, spec)
    loops = originals(loop_index)
    loops = loops[(loops["format"] == "midi") & loops["drum"] & loops["keep_drum"]]
    rows: list[dict[str, Any]] = []
    for side in SPLITS:
        share = _TRAINING if side == TRAIN else (1 - _TRAINING) / 2
        theirs = loops[loops["split"] == side]
        order = theirs["path"].map(lambda path: digest("kit render", path)).sort_values().index
        of_side = [kit for kit in kits if kit["split"] == side]
        for loop in theirs.loc[order].head(math.ceil(share * spec.loops)).to_dict("records"):
            ranked = sorted(of_side, key=lambda kit: digest(loop["path"], kit["kit_id"]))
            rows += [
                {**{name: loop[name] for name in CARRIED}, **{n: kit[n] for n in _KIT_COLUMNS}}
                for kit in ranked[: spec.kits_per_loop]
            ]
    found = pd.DataFrame(rows, columns=[*CARRIED, *_KIT_COLUMNS])
    return found.sort_values(["kit_id", "path"], kind="stable").reset_index(drop=True)


def one_at_a_time(spec: KitRenderSpec) -> KitRenderSpec:
    """Return the spec without what only says which renders there are."""
    return spec.model_copy(update={"loops": 1, "kits_per_loop": 1, "least_labels": 1})


def kit_render(
    item: Mapping[str, Any], spec: KitRenderSpec, store: Store
) -> Iterable[Mapping[str, Any]]:
    """Yield the one row of a render, its audio written to the store.

    Parameters
    ----------
    item
        A row of :func:`items`.

    Raises
    ------
    KitError
        If the loop has no drum hit, or the kit no sound.
    groove.midi.notes.MidiError, groove.audio.waveform.AudioError
        If a file cannot be read.
    """
    song = read_midi(store.read_raw(item["path"]))
    notes, track = track_of_song(song, spec.mapping)
    notes = notes[notes < spec.seconds]
    track = track.between(0.0, spec.seconds)
    if not len(track.time_s):
        raise KitError("none of its notes is a drum of the taxonomy")
    track = DrumTrack(track.time_s + spec.lead_s, track.label, track.velocity, track.variant)
    kit = _kit(item, store)
    kit, lent = _able(kit, track, spec)
    seed = seed_of("kit render", item["sha256"], item["kit_id"], spec.seed) % 2**31
    last = float(track.time_s.max())
    audio = play(track, kit, spec, seed, seconds=last + spec.tail_s)
    sound = Waveform(audio, RATE)
    terms = [str(item["license"]), str(item["kit_license"]), *([LICENSE] if lent else [])]
    yield {
        **{name: item[name] for name in CARRIED if name != "license"},
        "license": joined(terms),
        "kit_id": item["kit_id"],
        "kit_source": item["kit_source"],
        "lent_labels": lent,
        "seconds": sound.duration_s,
        "sample_rate": RATE,
        "loudness_lufs": loudness.integrated_lufs(audio, RATE),
        "peak": float(np.abs(audio).max()),
        "notes": len(notes),
        "hit_s": track.time_s.tolist(),
        "hit_label": list(track.label),
        "hit_velocity": track.velocity.tolist(),
        "audio": store.write(encode(sound, "flac", "PCM_16"), ".flac"),
    }


def joined(licenses: Iterable[str]) -> str:
    """Return licences that hold at once as one expression, in order, each once."""
    terms = sorted({term for text in licenses for term in text.split(" AND ") if term})
    return " AND ".join(terms) or "unknown"


def summary(kit_renders: pd.DataFrame) -> dict[str, Any]:
    """Return what to show of the renders."""
    labels = kit_renders["hit_label"].explode().dropna()
    return {
        "minutes": round(float(kit_renders["seconds"].sum()) / 60, 1),
        "hits": len(labels),
        "labels": int(labels.nunique()),
        "kits": int(kit_renders["kit_id"].nunique()),
        "renders_by_split": {
            str(side): int(count) for side, count in kit_renders["split"].value_counts().items()
        },
    }


def _kit_rows(hit_index: pd.DataFrame, spec: KitRenderSpec) -> list[dict[str, Any]]:
    """Return a kit's one-shots as lists, a row per kit that has enough labels, by name."""
    rows = []
    for (name, side), hits in originals(hit_index).groupby(["kit", "split"], sort=True):
        if hits["label"].nunique() < spec.least_labels:
            continue
        ordered = hits.sort_values("path")
        rows.append(
            {
                "kit_id": name,
                "split": side,
                "kit_license": joined(ordered["license"]),
                "kit_source": "; ".join(sorted(set(ordered["source"]))),
                "hit_path": ordered["path"].tolist(),
                "hit_sha256": ordered["sha256"].tolist(),
                "one_shot_label": ordered["label"].tolist(),
            }
        )
    return rows


def _kit(item: Mapping[str, Any], store: Store) -> Kit:
    """Return the item's kit; one that was just played is not read again."""
    identity = digest(list(item["hit_sha256"]), list(item["one_shot_label"]))
    kit = _kits.get(identity)
    if kit is None:
        sounds = [
            OneShot(
                name=str(path), label=str(label), kit=str(item["kit_id"]),
                source=str(item["kit_source"]), license=str(item["kit_license"]),
                instrument="", peak=None, read=partial(_read, store, str(path)),
            )
            for path, label in zip(item["hit_path"], item["one_shot_label"], strict=True)
        ]  # fmt: skip
        kits, refused = kits_of_one_shots(sounds)
        if not kits:
            raise KitError(f"kit {item['kit_id']}: {refused[0][0]}: {refused[0][1]}")
        kit = _kits[identity] = kits[0]
        while len(_kits) > _KEPT:
            _kits.popitem(last=False)
    return kit


def _read(store: Store, path: str) -> Waveform:
    return read_audio(store.read_raw(path))


def _able(kit: Kit, track: DrumTrack, spec: KitRenderSpec) -> tuple[Kit, list[str]]:
    """Return a kit that has all labels of a track, and those that a computed kit lent."""
    missing = sorted(set(track.label) - set(kit.drums))
    if not missing:
        return kit, []
    own = completed(kit, kit, same_class=spec.same_class)
    lent = [label for label in missing if label not in own.drums]
    if not lent:
        return own, []
    spare = synthesised_kit(seed_of("lent", kit.name) % 2**31, round_robin=1, labels=lent)
    return completed(own, spare, same_class=False), lent
