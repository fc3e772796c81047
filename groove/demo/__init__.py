"""The demo corpus: music as text, composed into MIDI and audio."""
