"""One run at a time per data root: the second is told so, and a dead one holds nothing."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.lock import BusyError, hold

HOLD = "import sys, time; from resources.lock import hold; hold(sys.argv[1]); print('held', flush=True); time.sleep(60)"


def test_a_second_process_is_told_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    with pytest.raises(BusyError, match="another run is writing"):
        hold(str(tmp_path))
    other.kill()
    other.communicate()
    time.sleep(0.1)
    hold(str(tmp_path))
    hold(str(tmp_path))
