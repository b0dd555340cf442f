"""The unix socket: whose it is, and who may connect."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from cbvir_core.errors import ConfigError, StoreBusy
from cbvird.http.unix_socket import Peer, is_allowed, listening_socket, peer


def test_a_socket_is_private_and_a_stale_one_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
        stale.bind(str(path))
    with listening_socket(path, []) as served:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with pytest.raises(StoreBusy, match=str(os.getpid())), listening_socket(path, []):
            pass
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(path))
            while True:
                accepted, _ = served.accept()
                with accepted:
                    if peer(accepted).pid == os.getpid():
                        break
            assert peer(client).uid == os.geteuid()
    assert not path.exists()


def test_a_passed_socket_is_taken(tmp_path: Path) -> None:
    passed = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with listening_socket(tmp_path / "unused", [passed]) as served:
        assert served is passed
    assert not (tmp_path / "unused").exists()


def test_strangers_are_not_welcome(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.touch()
    group = path.stat().st_gid
    me, stranger = os.geteuid(), os.geteuid() + 4242
    assert is_allowed(Peer(1, me, frozenset()), path)
    assert is_allowed(Peer(1, 0, frozenset()), path)
    assert is_allowed(Peer(1, stranger, frozenset({group})), path)
    assert not is_allowed(Peer(1, stranger, frozenset({group + 4242})), path)
    assert not is_allowed(Peer(1, stranger, frozenset()), tmp_path / "gone")


def test_a_file_that_is_no_socket_is_left_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(ConfigError, match="no socket"), listening_socket(path, []):
        pass
    assert path.read_text() == "precious"
