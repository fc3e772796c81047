"""Settings of trainings in YAML files, and in one line what is wrong with them.

What belongs here: finding a stage's settings in a file. What does not: which settings there are (a
subject's ``spec.py``), options that change them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from groove.core.spec import Spec

_S = TypeVar("_S", bound="Spec")


class SettingsError(ValueError):
    """Settings that cannot be used; the message says why, in one line."""


def settings_of(spec: type[_S], stage: str, config: Path | None, changes: Mapping[str, Any]) -> _S:
    """Return the settings in a YAML file, with changes.

    Parameters
    ----------
    spec
        Which settings.
    stage
        The pipeline's stage that they are of.
    config
        A mapping of settings, or the pipeline's ``ops: {STAGE: {config: ...}}``; none: the
        defaults.
    changes
        By setting.

    Raises
    ------
    SettingsError
        If the file holds no such mapping, or a setting does not exist or has no such value.
    """
    from pydantic import ValidationError

    from groove.drums.model_files import first_error

    found = {} if config is None else _settings_in(config, stage)
    try:
        return spec.model_validate({**found, **changes})
    except ValidationError as error:
        # What an option set is no fault of the file.
        first = str(error.errors(include_url=False)[0]["loc"][:1])
        ours = config is not None and first not in {str((name,)) for name in changes}
        raise SettingsError(
            f"{config}: {first_error(error)}" if ours else first_error(error)
        ) from None


def _settings_in(config: Path, stage: str) -> dict[str, Any]:
    """Return the mapping of settings that a file holds, as it is."""
    from groove.core.tags import load_yaml

    try:
        found: Any = load_yaml(config.read_bytes())
    except ValueError as error:
        raise SettingsError(f"{config}: {error}") from error
    if isinstance(found, dict) and "ops" in found:
        for name in ("ops", stage, "config"):
            found = found.get(name) if isinstance(found, dict) else None
    elif not found:
        raise SettingsError(f"{config} is empty: leave --config out for the defaults")
    if not isinstance(found, dict):
        raise SettingsError(
            f"{config} holds no settings of {stage}: a mapping of settings, or "
            f"ops: {{{stage}: {{config: ...}}}}"
        )
    return {str(name): value for name, value in found.items()}
