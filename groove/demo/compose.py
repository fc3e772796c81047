"""The demo corpus: text in, MIDI, audio and side-cars out.

One job makes one file. :func:`compose_all` reads the text and lists the jobs without making
anything; :func:`make` makes one file from its job alone, in any process, in any order, always
with the same bytes. So a caller can skip what stands, and run the rest in parallel.

What belongs here: the list of files and their side-cars. What does not: disks and processes
(:mod:`resources`), the music (``data/demo``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from groove.core.digest import digest, seed_of
from groove.demo.arrange import Score, lay_out, perform, perform_groove
from groove.demo.hits import Hit, HitsFile, hits_of, manifest, sound_of
from groove.demo.patterns import Groove, read_grooves
from groove.demo.songs import SongForm, read_song
from groove.demo.spec import DemoSpec
from groove.demo.text import DemoError, parse
from groove.midi.notes import write_midi
from groove.midi.song import Song, seconds_at

VERSION = "2"

SOURCE = "groove-demo"
LICENSE = "MIT"
SOUNDFONT_LICENSE = "GPL-2.0"
LOOP_BARS = (4, 8)
"""Bars of a groove's first, second, … performance; its own length if that is longer."""
_TEMPO_SPREAD = 0.05
_STEPS_PER_BAR = 16
_TRACK_PEAK = 0.89
_TRACK_TAIL_S = 1.5


@dataclass(frozen=True)
class DemoJob:
    """One file to make.

    Parameters
    ----------
    path
        POSIX path under the raw root.
    key
        SHA-256 of everything that decides the bytes: text, spec, ``VERSION``.
    payload
        JSON for :func:`make`.
    """

    path: str
    key: str
    payload: str


@dataclass(frozen=True)
class DemoFile:
    """A file, and the text of ``<stem>.meta.yaml`` beside it, if it has one."""

    path: str
    data: bytes
    sidecar: str | None


def compose_all(texts: Mapping[str, str], spec: DemoSpec) -> list[DemoJob]:
    """Return the job of every file of the corpus, sorted by path.

    Parameters
    ----------
    texts
        POSIX path relative to the corpus's folder -> text: ``grooves/<style>.yaml``,
        ``songs/<name>.yaml``, ``hits.yaml``. Other paths are errors, so that none is forgotten.
    spec
        Settings.

    Raises
    ------
    DemoError
        If a text doesn't fit; the message names file, line and entry.
    """
    grooves_text = _below("grooves/", texts)
    songs_text = _below("songs/", texts)
    stray = sorted(set(texts) - set(grooves_text) - set(songs_text) - {"hits.yaml"})
    if stray:
        raise DemoError(f"{stray[0]}: neither grooves/, nor songs/, nor hits.yaml")
    grooves = read_grooves(grooves_text)
    families = _families(grooves_text)
    jobs = list(_loop_jobs(grooves, families, spec))
    for file in sorted(songs_text):
        jobs += _song_jobs(file, songs_text[file], grooves, families, spec)
    if "hits.yaml" in texts:
        jobs += _hit_jobs(parse(HitsFile, texts["hits.yaml"], "hits.yaml"), spec)
    return sorted(jobs, key=lambda job: job.path)


def make(job: DemoJob, spec: DemoSpec) -> DemoFile:
    """Return the file of a job."""
    content = json.loads(job.payload)
    kind = content["kind"]
    if kind == "manifest":
        return DemoFile(job.path, content["text"].encode(), None)
    if kind == "hit":
        return DemoFile(job.path, _hit_bytes(Hit(**content["hit"]), spec), None)
    grooves = read_grooves(content["grooves"])
    if kind == "loop":
        return _loop_file(job.path, grooves, content, spec)
    form = read_song(content["song"], content["file"], grooves)
    return _song_file(job.path, form, spec) if kind == "song" else _track_file(job.path, form, spec)


def track_names(texts: Mapping[str, str]) -> list[str]:
    """Return the songs that are rendered to audio, too."""
    grooves = read_grooves(_below("grooves/", texts))
    forms = [read_song(text, file, grooves) for file, text in _below("songs/", texts).items()]
    return sorted(form.name for form in forms if form.entry.track)


def _below(folder: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if name.startswith(folder)}


def _job(path: str, spec: DemoSpec, **content: Any) -> DemoJob:
    payload = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return DemoJob(path, digest("groove-demo", VERSION, spec, path, payload), payload)


# Loops -------------------------------------------------------------------------------------------


def _loop_jobs(
    grooves: Mapping[str, Groove], families: Mapping[str, str], spec: DemoSpec
) -> Iterable[DemoJob]:
    for groove in grooves.values():
        for number in range(spec.performances):
            fill = "_fill" if groove.is_fill else ""
            stem = groove.name.removesuffix("_fill")
            path = f"loops/{groove.style}/{groove.family}_{stem}_p{number + 1}{fill}.mid"
            yield _job(
                path, spec, kind="loop", groove=groove.path, performance=number,
                grooves={groove.group: families[groove.group]},
            )  # fmt: skip


def _families(texts: Mapping[str, str]) -> dict[str, str]:
    """Return each family's own text by its group: what depends on it depends on no more."""
    families: dict[str, str] = {}
    for name in sorted(texts):
        content = yaml.safe_load(texts[name])
        for family, entry in content["families"].items():
            alone = {"style": content["style"], "families": {family: entry}}
            families[f"{content['style']}/{family}"] = json.dumps(alone, ensure_ascii=False)
    return families


def _loop_file(
    path: str, grooves: Mapping[str, Groove], content: Mapping[str, Any], spec: DemoSpec
) -> DemoFile:
    groove, number = grooves[content["groove"]], int(content["performance"])
    seed = seed_of("groove-demo loop", spec.seed, groove.path, number)
    lead_in, passes = None, max(1, LOOP_BARS[number % len(LOOP_BARS)] // groove.bars)
    if groove.is_fill:
        # Once as drummers play it, after some of its groove; then alone.
        passes = 1
        lead_in = next((g for g in grooves.values() if not g.is_fill), None) if not number else None
    tempo = groove.tempo_bpm
    if number:
        tempo *= 1 + _TEMPO_SPREAD * np.random.default_rng(seed).uniform(-1, 1)
    tempo = round(float(tempo), 1)
    song = perform_groove(groove, lead_in, passes, tempo, spec, seed)
    bars = passes * groove.bars + (lead_in.bars if lead_in else 0)
    sidecar = _sidecar(
        style=groove.style, feel=groove.feel, section=groove.section, density=_density(song, bars),
        meter=str(groove.meter), tempo_bpm=tempo, bars=bars, fill=groove.is_fill,
        group=groove.group,
    )  # fmt: skip
    return DemoFile(path, write_midi(song), sidecar)


def _density(song: Song, bars: int) -> float:
    """Return strokes per sixteenth of a bar, at most 1."""
    return round(min(int(song.drum.sum()) / bars / _STEPS_PER_BAR, 1.0), 3)


def _sidecar(**fields: Any) -> str:
    content = {"license": LICENSE, **fields, "source": SOURCE}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


# Songs and tracks --------------------------------------------------------------------------------


def _song_jobs(
    file: str, text: str, grooves: Mapping[str, Groove], families: Mapping[str, str], spec: DemoSpec
) -> Iterable[DemoJob]:
    form = read_song(text, file, grooves)
    needed = {group: families[group] for group in form.families}
    common = {"song": text, "file": file, "grooves": needed}
    yield _job(f"songs/{form.name}.mid", spec, kind="song", **common)
    if form.entry.track:
        yield _job(f"tracks/{form.name}.flac", spec, kind="track", **common)


def _song_fields(form: SongForm, song: Song, score: Score) -> dict[str, Any]:
    return {
        "style": form.entry.style, "feel": form.entry.feel, "section": "full",
        "density": _density(song, len(score.bar_starts) - 1), "key": form.entry.key,
        "meter": form.entry.meter, "tempo_bpm": form.entry.tempo, "fill": False,
        "group": f"song/{form.name}", "grooves": form.families,
    }  # fmt: skip


def _song_file(path: str, form: SongForm, spec: DemoSpec) -> DemoFile:
    score = lay_out(form)
    song = perform(form, score, spec)
    return DemoFile(path, write_midi(song), _sidecar(**_song_fields(form, song, score)))


def _track_file(path: str, form: SongForm, spec: DemoSpec) -> DemoFile:
    from groove.audio.waveform import Waveform, encode
    from groove.midi.synth import render

    score = lay_out(form)
    song = perform(form, score, spec)
    audio = render(song, sample_rate=spec.track_sample_rate, tail_s=_TRACK_TAIL_S)
    audio *= np.float32(_TRACK_PEAK / float(np.max(np.abs(audio))))
    spans = [
        {"name": s.name, "start_s": _time(song, s.start), "end_s": _time(song, s.end)}
        for s in score.spans
    ]
    marks = [
        {"start_s": _time(song, s.start), "end_s": _time(song, s.end), "label": s.mark}
        for s in score.spans
        if s.mark
    ]
    sidecar = _sidecar(
        **_song_fields(form, song, score),
        # Our composition, played by the soundfont's recordings: both licences hold.
        license=f"{LICENSE} AND {SOUNDFONT_LICENSE}",
        soundfont="TimGM6mb",
        bar_starts_s=[_time(song, start) for start in score.bar_starts],
        sections=spans,
        marks=marks,
    )
    return DemoFile(path, encode(Waveform(audio, spec.track_sample_rate), "flac"), sidecar)


def _time(song: Song, quarter: Any) -> float:
    ticks = float(quarter) * song.ticks_per_quarter
    return round(float(np.ravel(seconds_at(song, [ticks]))[0]), 6)


# One-shots ---------------------------------------------------------------------------------------


def _hit_jobs(file: HitsFile, spec: DemoSpec) -> Iterable[DemoJob]:
    hits = hits_of(file)
    for one in hits:
        yield _job(f"hits/{one.path}", spec, kind="hit", hit=one.model_dump())
    yield _job("hits/labels.csv", spec, kind="manifest", text=manifest(hits))


def _hit_bytes(one: Hit, spec: DemoSpec) -> bytes:
    from groove.audio.waveform import Waveform, encode

    return encode(Waveform(sound_of(one, spec), spec.hit_sample_rate), "flac")
