"""Synthetic kits: a few drums made of sines and noise, different from kit to kit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from groove.audio.waveform import Waveform, encode
from groove.core.digest import seed_of, sha256
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.drums.corpus import clips, events
from groove.drums.manifest.spec import WeightSpec
from groove.drums.manifest.weights import DRUM_SESSION_WEIGHTS, rows_of
from groove.drums.spec import ClipSpec, EventSpec
from groove.drums.tables import DRUM_CLIPS, DRUM_EVENTS

RATE = 22_050
LABELS = ("kick", "snare", "hihat_closed", "crash")
SMALL = ClipSpec(sample_rate_hz=RATE, frames=16, n_fft=1024, n_mels=32, fmax_hz=10_000.0)


def drum(label: str, kit: int, take: int) -> NDArray[np.float32]:
    """Return one hit; pitch, decay and tone hang on the kit, noise and level on the take."""
    own = np.random.default_rng(seed_of(label, kit))
    chance = np.random.default_rng(seed_of(label, kit, take))
    time = np.arange(int(0.35 * RATE)) / RATE
    noise = chance.normal(size=len(time))
    bright = np.diff(noise, prepend=0.0)
    wide = own.uniform(0.8, 1.25)
    if label == "kick":
        sound = np.sin(2 * np.pi * 60 * wide * time) * np.exp(-time * 14 * wide)
    elif label == "snare":
        sound = np.sin(2 * np.pi * 190 * wide * time) * np.exp(-time * 30) + 0.5 * noise * np.exp(
            -time * 22 * wide
        )
    else:
        sound = bright * np.exp(-time * (60 if label == "hihat_closed" else 5) * wide)
    silence = np.zeros(take % 40 * 7)
    level = chance.uniform(0.2, 0.9) / np.abs(sound).max()
    return np.concatenate([silence, sound * level]).astype(np.float32)


@dataclass
class Kits:
    """Tables and a store of synthetic one-shots and songs."""

    hit_index: pd.DataFrame
    song_renders: pd.DataFrame
    store: MemoryStore
    drum_events: pd.DataFrame
    drum_clips: pd.DataFrame

    def drum_session_weights(self, **changed: float) -> pd.DataFrame:
        """Return the weights of all sessions, some of them changed."""
        made = rows_of(self.drum_events, WeightSpec(), self.store)
        rows = [{"key": "k", **row} for row in made]
        for row in rows:
            row["weight"] = changed.get(row["session_id"], row["weight"])
        return frame_of(rows, DRUM_SESSION_WEIGHTS)


def _provenance(path: str, data: bytes, group: str, split: str) -> dict[str, str]:
    return {
        "path": path,
        "sha256": sha256(data),
        "source": "synthetic",
        "license": "CC0-1.0",
        "split_group": group,
        "split": split,
    }


def _hits(store: MemoryStore, kits: int, takes: int) -> pd.DataFrame:
    rows = []
    for kit in range(kits):
        split = {kits - 1: "test", kits - 2: "validation"}.get(kit, "train")
        for label in LABELS:
            for take in range(takes):
                data = encode(Waveform(drum(label, kit, take)[None], RATE), "wav")
                path = f"hits/kit{kit}/{label}_{take}.wav"
                store.raw[path] = data
                own = {"label": label, "kit": f"kit{kit}", "duplicate_of": None}
                rows.append({**_provenance(path, data, f"kit{kit}", split), **own})
    return pd.DataFrame(rows)


def _songs(store: MemoryStore, splits: list[str]) -> pd.DataFrame:
    notes = {"kick": 36, "snare": 38, "hihat_closed": 42, "crash": 49}
    rows = []
    for number, split in enumerate(splits):
        audio = np.zeros(RATE * 9, dtype=np.float32)
        hits: list[tuple[float, int, int]] = []
        for step in range(32):
            names = ["hihat_closed"] * (step % 2 == 0)
            names += ["kick"] * (step % 4 == 0) + ["snare"] * (step % 4 == 2)
            for name in names:
                sound = drum(name, 100, step + 40 * number) * 0.5
                start = round(step * 0.25 * RATE)
                audio[start : start + len(sound)] += sound
                hits.append((step * 0.25, notes[name], 90))
        audio /= np.abs(audio).max() * 1.01
        blob = store.write(encode(Waveform(audio[None], RATE), "flac"), ".flac")
        own = {
            "soundfont": "imagined",
            "audio": blob,
            "hit_s": [hit[0] for hit in hits],
            "hit_note": [hit[1] for hit in hits],
            "hit_velocity": [hit[2] for hit in hits],
        }
        path = f"songs/{number}.mid"
        rows.append({**_provenance(path, path.encode(), f"song{number}", split), **own})
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def kits() -> Kits:
    """Return six kits of four drums with three takes, and three songs."""
    store = MemoryStore()
    hit_index = _hits(store, kits=6, takes=3)
    song_renders = _songs(store, ["train", "validation", "test"])
    items = events.items(hit_index, song_renders).to_dict(orient="records")
    spec = EventSpec(events_per_song=12)
    rows = [row for item in items for row in events.events_of(item, spec, store)]
    drum_events = frame_of([{"key": row["sample_id"], **row} for row in rows], DRUM_EVENTS)
    files = clips.items(drum_events).to_dict(orient="records")
    made = [row for item in files for row in clips.clips_of(item, SMALL, store)]
    drum_clips = frame_of([{"key": row["blob"], **row} for row in made], DRUM_CLIPS)
    return Kits(hit_index, song_renders, store, drum_events, drum_clips)
