"""What the machine's processor is called, for what was measured on it."""

from __future__ import annotations

import platform
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import joblib

from tenshots.wording import counted

CPUINFO = Path("/proc/cpuinfo")


def name() -> str:
    """Returns its maker's name and how many cores this process may use."""
    return f"{_model()} ({counted(joblib.cpu_count(), 'core')})"


def _model() -> str:
    with suppress(OSError):  # Linux
        found = re.search(r"^model name\s*:\s*(.+)$", CPUINFO.read_text(errors="replace"), re.M)
        if found:
            return " ".join(found[1].split())
    with suppress(OSError):  # macOS
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if said:
            return said
    return platform.processor() or platform.machine()
