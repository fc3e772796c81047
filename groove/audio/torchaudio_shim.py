"""torchaudio's Python part, where its compiled part cannot load.

``import torchaudio`` loads a library that is linked against CUDA, also next to a CPU build of
torch, and fails. Filterbanks, spectrograms and resampling need none of it. This module tries the
real thing and else puts a stand-in for ``torchaudio._extension`` in place first. Use::

    from groove.audio.torchaudio_shim import torchaudio

What belongs here: that import. What does not: ``torchaudio.load`` and ``save`` (use
:mod:`groove.audio.waveform`) and ``lfilter`` (without the compiled part a Python loop: use scipy).
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, NoReturn


def _unavailable(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError("forced alignment needs torchaudio's compiled part, which did not load")


def _stand_in() -> ModuleType:
    module = ModuleType("torchaudio._extension")
    contents: dict[str, Any] = {
        "_IS_TORCHAUDIO_EXT_AVAILABLE": False,
        "_IS_ALIGN_AVAILABLE": False,
        "_load_lib": lambda _name: False,
        "_check_cuda_version": lambda: None,
        "fail_if_no_align": lambda _function: _unavailable,
    }
    vars(module).update(contents)
    return module


def _load() -> ModuleType:
    try:
        return importlib.import_module("torchaudio")
    except OSError:
        # The failed import leaves half of the package behind.
        for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
            del sys.modules[name]
    sys.modules["torchaudio._extension"] = _stand_in()
    package = importlib.import_module("torchaudio")
    package._extension = sys.modules["torchaudio._extension"]  # type: ignore[attr-defined]  # set by the import it replaces
    return package


torchaudio: Any = _load()
