"""From a model to music: drawing, expression, arrangement, MIDI. No fitting, no judging."""
