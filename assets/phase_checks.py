"""Phase checks: the same in every runtime, sane on bad audio, fast enough.

Reads    phase_model   one row per network: the model blob
Writes   phase_checks  one row per check and runtime, or signal
Domain   groove.phase.judge.checks
"""

import dagster as dg
import pandas as pd

from groove.phase.judge import checks
from groove.phase.judge.spec import PhaseCheckSpec
from resources.workers import Workers


class PhaseCheckConfig(dg.Config, PhaseCheckSpec):
    """:class:`~groove.phase.judge.spec.PhaseCheckSpec`, editable in the launchpad."""


@dg.asset(kinds={"onnx", "parquet"}, group_name="phase", code_version=checks.VERSION)
def phase_checks(
    config: PhaseCheckConfig, phase_model: pd.DataFrame, workers: Workers
) -> dg.MaterializeResult[pd.DataFrame]:
    """Parity of streaming, whole-file and exported models; bad audio; time per frame."""
    table = workers.once(checks.check, {"phase_model": phase_model}, config, into="phase_checks")
    return dg.MaterializeResult(value=table)
