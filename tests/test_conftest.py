"""The guard around every test does what it says."""

import os
import socket

import pytest


def test_the_network_is_out_of_reach() -> None:
    with (
        pytest.raises(AssertionError, match="network"),
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s,
    ):
        s.connect(("127.0.0.1", 9))


def test_pipes_between_processes_still_work() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"pixels")
        assert right.recv(6) == b"pixels"


def test_there_is_no_screen() -> None:
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
