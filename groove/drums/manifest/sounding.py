"""Audio of a manifest: files that are there, can be read, and reach to their onsets.

What belongs here: headers held against lines. What does not: decoding sound
(:mod:`groove.audio.waveform`), cutting it (:mod:`groove.drums.collect`).
"""

from __future__ import annotations

from pathlib import Path

from groove.drums.manifest.reading import numbered_events
from groove.drums.manifest.schema import ManifestError


def check_audio(manifest: Path, root: Path, at_most: int = 100) -> list[ManifestError]:
    """Return the first problems of a manifest's audio, in order of lines.

    Parameters
    ----------
    manifest
        A manifest without other problems.
    root
        Folder that audio paths start at.
    at_most
        So many problems are enough.

    Raises
    ------
    ManifestError
        If a line is no event. A file that is missing or cannot be read is told once, with the
        first line that names it; an onset at or beyond a file's end with its own line.
    """
    problems: list[ManifestError] = []
    durations: dict[str, float | None] = {}
    for line, event in numbered_events(manifest, root=root):
        if len(problems) >= at_most:
            break
        name = event.audio_path
        if name not in durations:
            try:
                durations[name] = _duration_s(root, name)
            except ManifestError as error:
                durations[name] = None
                problems.append(ManifestError(error.reason, line))
        end_s = durations[name]
        if end_s is not None and event.onset_time >= end_s:
            reason = f"onset_time {event.onset_time:g} s is beyond the end of {name}, {end_s:g} s"
            problems.append(ManifestError(reason, line))
    return problems


def _duration_s(root: Path, name: str) -> float:
    """Return what a file's header says."""
    import soundfile

    path = root / name
    if not path.is_file():
        raise ManifestError(f"{name} is not below {root}")
    try:
        header = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError) as error:
        raise ManifestError(f"{name} cannot be read as audio; export it again") from error
    return float(header.frames / header.samplerate)
