"""The service from start to stop: what is opened, in which order, and who runs what."""

from __future__ import annotations

import faulthandler
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

import structlog

from cbvir_core.errors import CbvirError
from cbvir_core.library import Library
from cbvir_core.version import VERSION
from cbvird.config.settings import Settings
from cbvird.http import build
from cbvird.http.listener import listening
from cbvird.http.server import HttpServer
from cbvird.ingest.catalog import Catalog
from cbvird.ingest.ingest import DecodeOptions, Ingest
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.tracker import Tracker
from cbvird.ingest.writer import Writer
from cbvird.runtime import notify
from cbvird.runtime.context import Context
from cbvird.runtime.events import EventBus
from cbvird.runtime.maintenance import Indexer
from cbvird.runtime.signals import Signals
from cbvird.runtime.threads import ThreadGroup
from cbvird.runtime.weight_files import WeightFiles

LOG = structlog.get_logger(__name__)

STACKS = signal.SIGUSR1
"""Writes to stderr, and so to the journal, what every thread does: for a service that stands still."""

QUERIES = 2
"""Searches at once: one network thread each; more only share the processor."""

WRITER_NICE = 5
IDLE_NICE = 19
"""Queries run at the service's own priority, ingest below, work that nobody waits for last."""

LOOK_S = 0.5
HANGS_S = 30.0
"""An event loop that has not turned for so long is taken for dead, and systemd is no longer told."""


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises what ended the service otherwise."""
    faulthandler.register(STACKS)
    passed = notify.listen_fds()
    with (
        Signals() as signals,
        _library(settings) as library,
        Jobs.open(settings.jobs_dir) as jobs,
        listening(settings.service.socket, passed) as listener,
        ThreadPoolExecutor(QUERIES, thread_name_prefix="query") as queries,
        ThreadGroup() as crew,
    ):
        jobs.recover(time.time())
        context = _context(settings, library, jobs, queries, crew)
        server = HttpServer(build(context), listener)
        crew.start("http", server.run)
        _start_work(crew, settings, context)
        # A daemon thread: making the network for this machine takes minutes, and nobody waits for it.
        threading.Thread(target=_load_refine, args=(library,), name="solar", daemon=True).start()
        with _told_to_systemd(settings):
            _watch_over(crew, server, signals)


def _context(
    settings: Settings, library: Library, jobs: Jobs, queries: Executor, crew: ThreadGroup
) -> Context:
    board = EventBus()
    tracker = Tracker(settings.watch, library, jobs, board)
    return Context(
        library=library,
        jobs=jobs,
        tracker=tracker,
        catalog=Catalog(library.store, jobs, tracker, board),
        board=board,
        search=settings.search.options(),
        weights=WeightFiles(
            settings.service.data_dir / "models", settings.models.profile, settings.models.mirror
        ),
        queries=queries,
        stop=crew.stop,
        started=time.monotonic(),
    )


def _start_work(crew: ThreadGroup, settings: Settings, context: Context) -> None:
    """Files in, keyframes out, and what can wait: each in a thread of its own."""
    library, board = context.library, context.board
    writer = Writer(library, crew.stop)
    ingest = Ingest(library, context.jobs, writer, board, _decode_options(settings))
    indexer = Indexer(library, board)
    crew.start("write", writer.run, nice=WRITER_NICE)
    crew.start("track", context.tracker.run, nice=WRITER_NICE)
    for number in range(settings.decode.workers):
        crew.start(f"ingest-{number}", ingest.run, nice=WRITER_NICE)
    crew.start("index", indexer.maintain)  # lowers itself while it builds
    crew.start("backfill", indexer.backfill, nice=IDLE_NICE)


def _load_refine(library: Library) -> None:
    """Load SOLAR, which queries do without until then; the writer loads the filter."""
    try:
        library.load_refine()
    except CbvirError as error:  # answers say so, and the backfill tries again
        LOG.warning("network cannot be loaded", code=error.code, reason=str(error))


@contextmanager
def _told_to_systemd(settings: Settings) -> Iterator[None]:
    LOG.info("ready", version=VERSION, socket=str(settings.service.socket))
    notify.ready()
    notify.status(f"watching {len(settings.watch.folders)} folders")
    try:
        yield
    finally:
        LOG.info("stopping")
        notify.stopping()


def _watch_over(crew: ThreadGroup, server: HttpServer, signals: Signals) -> None:
    """Wait for a signal or for a dead thread; tell systemd's watchdog while everything lives."""
    interval_s = notify.watchdog_interval_s()
    told = time.monotonic()
    while not crew.stop.is_set() and not signals.wait(LOOK_S):
        due = interval_s is not None and time.monotonic() - told >= interval_s - LOOK_S
        if due and crew.alive() and server.answers(HANGS_S):
            notify.watchdog()
            told = time.monotonic()


def _library(settings: Settings) -> Library:
    models = settings.models
    return Library.open(
        settings.service.data_dir,
        profile=models.profile,
        device=models.device,
        runtime=models.runtime,
        threads=models.threads,
        mode=settings.decode.mode,
        keyframes=settings.keyframes.options(),
        index=settings.index.options(),
        search=settings.search.options(),
    )


def _decode_options(settings: Settings) -> DecodeOptions:
    decode = settings.decode
    return DecodeOptions(decode.mode, decode.timeout_s, decode.memory_mb, settings.keyframes.options())
