"""What every test stands on: no screen, no network, the shared pictures where they exist, and reference modules on the path."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before any import of Qt
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if "PYTEST_XDIST_WORKER" in os.environ:  # every core runs a test of its own
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")

import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))  # for `from reference_<topic> import …`

# Quick tries the same examples each time, so that a change is judged by what it changes; thorough looks for new ones.
settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=5000, derandomize=False)
settings.load_profile(os.environ.get("PADSCOPE_HYPOTHESIS", "quick"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures beside the repository; the test is skipped, with a clear word, where it is absent."""
    folder = TESTS.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared real pictures are not beside this checkout ({folder})")
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Padscope never needs a network: a test that reaches for one fails. Pipes and Unix sockets stay allowed."""
    connect = socket.socket.connect

    def refuse_internet(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise AssertionError(f"a test tried to reach the network: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse_internet)
