"""MIDI in and out, against mido and pretty_midi, by property, and on hostile files."""

import io

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.midi import notes
from groove.midi.notes import MidiError, MidiLimits, read_midi, song_from_notes, write_midi

TEMPOS = [(0, 97.3), (2.5, 171.0), (7.25, 61.7)]
METERS = [(0, 7, 8), (7, 3, 4)]


def tempo_mapped_song():
    rng = np.random.default_rng(1)
    starts = np.sort(rng.uniform(0, 40, 200))
    return song_from_notes(
        starts,
        rng.uniform(0.05, 2, 200),
        rng.integers(30, 90, 200),
        rng.integers(1, 128, 200),
        rng.choice([0, 33, 80], 200),
        rng.random(200) < 0.4,
        TEMPOS,
        METERS,
    )


def file_of(messages, ticks_per_beat=480, kind=1):
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat)
    file.tracks.append(mido.MidiTrack(messages))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def note(tick, pitch=60, length=10, channel=0):
    return [
        mido.Message("note_on", note=pitch, velocity=64, time=tick, channel=channel),
        mido.Message("note_off", note=pitch, time=length, channel=channel),
    ]


def test_onset_seconds_equal_pretty_midi_on_a_tempo_map():
    song = tempo_mapped_song()
    peer = pretty_midi.PrettyMIDI(io.BytesIO(write_midi(song)))
    theirs = sorted(
        (note.start, note.pitch, note.velocity, instrument.program, instrument.is_drum)
        for instrument in peer.instruments
        for note in instrument.notes
    )
    ours = sorted(
        zip(song.start_s, song.pitch, song.velocity, song.program, song.drum, strict=True)
    )
    assert len(ours) == len(theirs) == 200
    np.testing.assert_allclose([o[0] for o in ours], [t[0] for t in theirs], rtol=0, atol=1e-6)
    assert [tuple(map(int, o[1:])) for o in ours] == [tuple(map(int, t[1:])) for t in theirs]


def test_seconds_equal_mido_playing_the_file():
    song = tempo_mapped_song()
    file = mido.MidiFile(file=io.BytesIO(write_midi(song)))
    now, onsets = 0.0, []
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity:
            onsets.append(now)
    np.testing.assert_allclose(np.sort(song.start_s), onsets, rtol=0, atol=1e-6)


def test_written_file_reads_back_as_the_same_song():
    song = read_midi(write_midi(tempo_mapped_song()))
    data = write_midi(song)
    again = read_midi(data)
    for name in ("start_tick", "end_tick", "pitch", "velocity", "program", "drum", "start_s"):
        np.testing.assert_array_equal(getattr(song, name), getattr(again, name), err_msg=name)
    np.testing.assert_array_equal(song.tempo_bpm, again.tempo_bpm)
    np.testing.assert_allclose(again.tempo_bpm, [bpm for _, bpm in TEMPOS], rtol=1e-5)
    assert list(zip(again.meter_tick, again.meter_numerator, strict=True)) == [(0, 7), (3360, 3)]
    assert again.explicit_tempo
    assert again.explicit_meter
    assert write_midi(again) == data


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2_000),
            st.integers(1, 400),
            st.integers(0, 127),
            st.integers(1, 127),
            st.integers(0, 127),
            st.booleans(),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_no_note_is_lost_moved_or_changed_by_writing(rows):
    starts, lengths, pitches, velocities, programs, drums = zip(*rows, strict=True)
    song = song_from_notes(
        np.array(starts) / 480,
        np.array(lengths) / 480,
        pitches,
        velocities,
        programs,
        drums,
        [(0, 120)],
        [(0, 4, 4)],
    )
    again = read_midi(write_midi(song))

    def seen(s):
        columns = (s.start_tick, s.pitch, s.velocity, s.drum, np.where(s.drum, 0, s.program))
        return sorted(zip(*(c.tolist() for c in columns), strict=True))

    # Fifteen melodic programs fit; one drum channel holds one kit at a time.
    if len(set(programs)) <= 15:
        assert seen(again) == seen(song)
    else:
        assert again.n == song.n
    assert write_midi(again) == write_midi(read_midi(write_midi(again)))


def test_more_programs_than_channels_keep_their_programs():
    programs = np.arange(30)
    song = song_from_notes(programs, 0.5, 60, 90, programs, False, [(0, 120)], [(0, 4, 4)])
    again = read_midi(write_midi(song))
    np.testing.assert_array_equal(again.program, programs)
    assert not again.drum.any()


def test_key_struck_again_ends_the_note_before():
    song = song_from_notes([0, 1], [4, 1], 60, 90, 0, False, [(0, 120)], [(0, 4, 4)])
    assert read_midi(write_midi(song)).end_tick.tolist() == [480, 960]


def test_ticks_and_seconds_are_inverse_and_exact():
    song = song_from_notes(0, 40, 60, 90, 0, False, [(0, 120), (4, 60), (6, 240)], [(0, 4, 4)])
    seconds = notes.seconds_at(song, np.array([0, 480, 4 * 480, 6 * 480, 8 * 480]))
    assert seconds.tolist() == [0.0, 0.5, 2.0, 4.0, 4.5]
    ticks = np.linspace(0, 5_000, 97)
    np.testing.assert_allclose(notes.ticks_at(song, notes.seconds_at(song, ticks)), ticks)


def test_missing_events_get_the_standard_defaults_and_are_not_invented_in_the_file():
    song = read_midi(file_of(note(0)))
    assert not song.explicit_tempo
    assert not song.explicit_meter
    assert song.tempo_bpm.tolist() == [120.0]
    assert (song.meter_numerator[0], song.meter_denominator[0]) == (4, 4)
    again = read_midi(write_midi(song))
    assert not again.explicit_tempo
    assert not again.explicit_meter


def test_event_after_the_first_note_does_not_state_what_the_song_starts_in():
    late = [*note(0), mido.MetaMessage("time_signature", numerator=3, denominator=4, time=0)]
    song = read_midi(file_of([*late, *note(100)]))
    assert not song.explicit_meter
    assert song.meter_numerator.tolist() == [4, 3]


def test_meaningless_events_are_left_out():
    events = [
        mido.MetaMessage("set_tempo", tempo=0),
        mido.MetaMessage("time_signature", numerator=0, denominator=4),
    ]
    song = read_midi(file_of([*events, *note(0)]))
    assert song.tempo_bpm.tolist() == [120.0]
    assert song.meter_numerator.tolist() == [4]


def test_note_without_length_lasts_one_tick():
    song = read_midi(file_of(note(5, length=0)))
    assert (song.start_tick[0], song.end_tick[0]) == (5, 6)


def test_riff_wrapped_file_is_read():
    data = file_of(note(0))
    size = len(data).to_bytes(4, "little")
    wrapped = b"RIFF" + (len(data) + 12).to_bytes(4, "little") + b"RMIDdata" + size + data
    assert read_midi(wrapped).n == 1


GOOD = write_midi(tempo_mapped_song())
THIRTY_HOURS = write_midi(
    song_from_notes([0, 30 * 3600 * 2], 1, 60, 90, 0, False, [(0, 120)], [(0, 4, 4)])
)
ABSURD_TEMPO = write_midi(
    song_from_notes([0, 300_000], 1, 60, 90, 0, False, [(0, 60_000)], [(0, 4, 4)])
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MIDI file"),
        (b"this is text, not music" * 40, "not a MIDI file"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD[:20], "damaged"),
        (file_of([]), "has no notes"),
        (THIRTY_HOURS, r"108,00\d\.\d s long; the limit is 7,200 s"),
        (ABSURD_TEMPO, "quarter notes"),
        (GOOD[:8] + b"\x00\x02" + GOOD[10:], "type 2"),
        (GOOD[:12] + b"\xe8\x28" + GOOD[14:], "SMPTE"),
        (GOOD[:12] + b"\x00\x00" + GOOD[14:], "zero ticks"),
        (b"\x00" * 20_000_001, "bytes"),
    ],
)
def test_hostile_file_is_refused_with_a_reason(data, reason):
    with pytest.raises(MidiError, match=reason):
        read_midi(data)


def test_note_limit():
    with pytest.raises(MidiError, match="200 notes; the limit is 100"):
        read_midi(GOOD, MidiLimits(max_notes=100))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(14, len(GOOD) - 1), st.integers(0, 255)), max_size=20))
def test_corrupt_bytes_give_a_song_or_a_midi_error(changes):
    data = bytearray(GOOD)
    for place, value in changes:
        data[place] = value
    try:
        song = read_midi(bytes(data))
    except MidiError:
        return
    assert (song.end_tick > song.start_tick).all()
    assert np.isfinite(song.end_s).all()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"start_beat": []}, "no notes"),
        ({"start_beat": -1}, "before the song"),
        ({"pitch": 128}, "pitch"),
        ({"velocity": 0}, "velocity"),
        ({"program": 200}, "program"),
        ({"tempos": [(0, 0.0)]}, "tempo"),
    ],
)
def test_song_of_impossible_notes_is_refused(changed, reason):
    columns = {
        "start_beat": 0,
        "duration_beat": 1,
        "pitch": 60,
        "velocity": 90,
        "program": 0,
        "drum": False,
        "tempos": [(0, 120.0)],
        "meters": [(0, 4, 4)],
    }
    with pytest.raises(MidiError, match=reason):
        song_from_notes(**(columns | changed))
