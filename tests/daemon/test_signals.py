"""What ends the service, and what does not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from cbvird.runtime.signals import END_SIGNALS, Signals

SOON_S = 0.05


@pytest.fixture
def signals() -> Iterator[Signals]:
    handlers = {number: signal.getsignal(number) for number in END_SIGNALS}
    with Signals() as signals:
        yield signals
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", sorted(END_SIGNALS))
def test_one_that_comes_before_anybody_waits_is_heard(signals: Signals, number: int) -> None:
    os.kill(os.getpid(), number)
    assert signals.wait(60)
    assert not signals.wait(SOON_S), "it came once"


def test_one_that_comes_while_somebody_waits_is_heard(signals: Signals) -> None:
    timer = threading.Timer(SOON_S, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    assert signals.wait(60)
    timer.join()


def test_whichever_thread_takes_it(signals: Signals) -> None:
    """As one that a library started: the main thread has the signal blocked and never sees it."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.wait(60)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        over.set()
        thread.join()


def test_another_signal_is_not_taken_for_one(signals: Signals) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR2, lambda number, frame: heard.append(number))
    try:
        os.kill(os.getpid(), signal.SIGUSR2)
        assert not signals.wait(60), "it has come, and ends the wait"
        assert heard == [signal.SIGUSR2]
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_none_is_heard_when_none_came(signals: Signals) -> None:
    assert not signals.wait(SOON_S)
