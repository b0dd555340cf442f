"""The service from start to stop: what is opened in which order, and which thread runs what."""

from __future__ import annotations

import faulthandler
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from cbvir_core.errors import CbvirError
from cbvir_core.keyframes import ClipDecoding
from cbvir_core.library import Library, QueryRules
from cbvir_core.version import VERSION
from cbvird.config import Settings
from cbvird.http import build
from cbvird.http.context import Context
from cbvird.http.server import HttpFront, HttpServer
from cbvird.http.unix_socket import GuardedProtocol, listening_socket
from cbvird.http.weight_files import WeightFiles
from cbvird.ingest.catalog import Catalog
from cbvird.ingest.forgetting import finish_forgetting
from cbvird.ingest.growing import MAX_GROWING_FILES, GrowingIngest
from cbvird.ingest.ingest import Ingest, IngestParts
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.listing import VideoListing
from cbvird.ingest.tracker import Tracker
from cbvird.ingest.upload_folders import UploadFolders
from cbvird.ingest.writer import Writer
from cbvird.runtime import notify
from cbvird.runtime.data_folder import make_data_folder
from cbvird.runtime.duplicates import DuplicateJob
from cbvird.runtime.event_bus import EventBus
from cbvird.runtime.maintenance import BackgroundMaintenance
from cbvird.runtime.page_access import PageAccess
from cbvird.runtime.pools import BoundedPool
from cbvird.runtime.self_test import SelfTest
from cbvird.runtime.signals import Signals
from cbvird.runtime.tasks import Task
from cbvird.runtime.threads import ThreadGroup
from cbvird.web import build_web, page_access, page_socket
from cbvird.worker.clips import ClipWorker
from cbvird.worker.excerpts import ExcerptFiles
from cbvird.worker.pictures import MAX_PICTURE_PROCESSES, PictureProcesses
from cbvird.worker.scenes import SceneWorker

LOG = structlog.get_logger(__name__)

STACK_DUMP_SIGNAL = signal.SIGUSR1
"""Writes the stacks of all threads to stderr, and so to the journal: for a service that hangs."""

CONCURRENT_QUERIES = 2
"""Searches at once.  Each has one network thread; more would only share the processor.  The pictures of
others are read meanwhile, so that one that takes long keeps no search waiting."""

MAX_QUERIES = 32
"""Searches that run or wait.  More are told to come back."""

MAX_QUERY_WAIT_S = 30.0
"""Seconds that a search waits to be begun: as long as the last of `MAX_QUERIES` does at worst where the
machine has the processor to itself.  On a busier one it is told to come back, instead of left hanging."""

MAX_PAGE_CONNECTIONS = 256
"""Connections to the page at once; a browser opens six."""

INGEST_NICE = 5
BACKFILL_NICE = 10
"""Queries run at the priority of the service, ingest below it, and backfill below that.

Beside two decoders of niceness 5, a thread of 10 gets about a seventh of two processors, which is what SOLAR
and local features take of an ingest.  At 19 it gets a fiftieth: then nearly all of them are left to the end
of the ingest, where one thread makes them and the other processor is idle."""

SPARE_NICE = 19
"""Of work that is not urgent: comparisons, the self-test, checks of files."""

SUPERVISION_INTERVAL_S = 0.5
"""Seconds between two checks of the threads."""

EVENT_LOOP_HANG_S = 30.0
"""An HTTP server whose event loop has not turned for so long counts as dead; systemd's watchdog then acts."""


PICTURE_THREADS = 2
MAX_PICTURE_REQUESTS = 128
"""Frames and strips that are made or wait; a page shows fewer at once."""

MAX_EXCERPT_REQUESTS = 8
"""Parts of videos that are written or wait, one after the other."""


@dataclass(frozen=True, slots=True)
class _Pools:
    """The threads that requests have work done in."""

    queries: Executor
    pictures: Executor
    excerpts: Executor


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raise what ended the service otherwise."""
    faulthandler.register(STACK_DUMP_SIGNAL)
    make_data_folder(settings.service.data_dir, settings.watch.folders)
    passed, stop = notify.listen_fds(), threading.Event()
    with (
        Signals() as signals,
        PictureProcesses(stop) as pictures,
        _library(settings, stop, pictures) as library,
        Jobs.open(settings.jobs_dir) as jobs,
        listening_socket(settings.service.socket, passed) as listener,
        page_socket(settings.web) as page_listener,
        _pools() as pools,
        ThreadGroup(stop=stop) as threads,
        _interrupted(library),  # first at the end, for the thread that builds segments is waited for
    ):
        jobs.recover(time.time())
        finish_forgetting(library, jobs)
        data_dir = settings.service.data_dir
        page = None if page_listener is None else page_access(settings.web, page_listener, data_dir)
        context = _context(settings, library, jobs, pools, threads, page, pictures)
        context.upload_folders.sweep()
        server = HttpServer(*_fronts(settings, context, listener, page_listener))
        threads.start("http", server.run)
        _start_work(threads, settings, context)
        # A daemon thread: making the network for this machine takes minutes, and a stop must not wait for it.
        threading.Thread(target=_load_refine, args=(library,), name="solar", daemon=True).start()
        threading.Thread(target=pictures.prepare, name="pictures", daemon=True).start()
        with _reported_to_systemd(settings):
            _supervise(threads, server, signals)


@contextmanager
def _interrupted(library: Library) -> Iterator[None]:
    """End builds of the index at the end of the block."""
    try:
        yield
    finally:
        library.interrupt()


@contextmanager
def _pools() -> Iterator[_Pools]:
    with (
        BoundedPool(
            MAX_PICTURE_PROCESSES, max_unfinished=MAX_QUERIES, name="queries", max_wait_s=MAX_QUERY_WAIT_S
        ) as queries,
        BoundedPool(
            PICTURE_THREADS, max_unfinished=MAX_PICTURE_REQUESTS, name="pictures", nice=INGEST_NICE
        ) as pictures,
        BoundedPool(1, max_unfinished=MAX_EXCERPT_REQUESTS, name="clips", nice=INGEST_NICE) as excerpts,
    ):
        yield _Pools(queries, pictures, excerpts)


def _context(
    settings: Settings,
    library: Library,
    jobs: Jobs,
    pools: _Pools,
    threads: ThreadGroup,
    page: PageAccess | None,
    pictures: PictureProcesses,
) -> Context:
    event_bus = EventBus()
    tracker = Tracker(settings.watch, library, jobs, event_bus)
    catalog = Catalog(library, jobs, tracker, event_bus)
    return Context(
        library=library,
        jobs=jobs,
        tracker=tracker,
        catalog=catalog,
        listing=VideoListing(catalog.videos, event_bus.count_of_changes),
        event_bus=event_bus,
        duplicates=DuplicateJob(library, event_bus),
        bench=Task("measurement", threads.stop),
        calibration=Task("calibration", threads.stop),
        self_test=SelfTest(library, settings.service.data_dir, settings.service.self_test),
        search=settings.search.options(),
        weights=WeightFiles(
            settings.service.data_dir / "models", settings.models.profile, settings.models.mirror
        ),
        queries=pools.queries,
        picture_pool=pools.pictures,
        excerpt_pool=pools.excerpts,
        excerpts=ExcerptFiles(
            settings.service.data_dir / "excerpts",
            timeout_s=settings.decode.timeout_s,
            memory_mb=settings.decode.memory_mb,
            stop=threads.stop,
        ),
        data_dir=settings.service.data_dir,
        uploads=settings.service.data_dir / "uploads",
        stop=threads.stop,
        started=time.monotonic(),
        page=page,
        pictures=pictures,
        upload_folders=UploadFolders(settings.web.uploads, settings.web.upload_mb << 20, settings.watch),
    )


def _fronts(
    settings: Settings, context: Context, listener: socket.socket, page_listener: socket.socket | None
) -> Iterator[HttpFront]:
    """Yield the API on the unix socket, and the same behind the page's guard on the TCP socket."""
    api = build(context)
    yield HttpFront(api, listener, GuardedProtocol.for_administrators(settings.service.administrators))
    if page_listener is not None and context.page is not None:
        LOG.info("page", address=context.page.address)
        yield HttpFront(
            build_web(api, context.page),
            page_listener,
            cert_file=settings.web.cert_file,
            key_file=settings.web.key_file,
            max_connections=MAX_PAGE_CONNECTIONS,
        )


def _start_work(threads: ThreadGroup, settings: Settings, context: Context) -> None:
    """Start the threads of ingest, index, backfill and duplicates."""
    library, event_bus = context.library, context.event_bus
    writer = Writer(library, threads.stop)
    keyframes = settings.keyframes.options()
    parts = IngestParts(
        library, context.jobs, writer, event_bus, settings.decode, keyframes, context.tracker.is_online
    )
    ingest = Ingest(parts)
    growing = GrowingIngest(
        parts, quiet_s=context.tracker.growing_quiet_s, refuse=context.tracker.refuse_growing
    )
    maintenance = BackgroundMaintenance(library, event_bus)
    threads.start("write", writer.run, nice=INGEST_NICE)
    threads.start("track", context.tracker.run, nice=INGEST_NICE)
    for number in range(settings.decode.workers):
        threads.start(f"ingest-{number}", ingest.run, nice=INGEST_NICE)
    for number in range(MAX_GROWING_FILES if settings.watch.growing else 0):
        threads.start(f"growing-{number}", growing.run, nice=INGEST_NICE)
    threads.start("index", maintenance.maintain)  # lowers itself while it builds
    threads.start("backfill", maintenance.backfill, nice=BACKFILL_NICE)
    threads.start("verify", maintenance.verify, nice=SPARE_NICE)
    threads.start("self-test", context.self_test.run, nice=SPARE_NICE)
    threads.start("duplicates", context.duplicates.run, nice=SPARE_NICE)  # and the threads that it starts


def _load_refine(library: Library) -> None:
    """Load SOLAR; until then queries use the filter alone, which the writer's thread loads."""
    try:
        library.load_refine()
    except CbvirError as error:  # a note in every answer says so, and the backfill tries again
        LOG.warning("network cannot be loaded", code=error.code, reason=str(error))


@contextmanager
def _reported_to_systemd(settings: Settings) -> Iterator[None]:
    LOG.info("ready", version=VERSION, socket=str(settings.service.socket))
    notify.ready()
    notify.status(f"watching {len(settings.watch.folders)} folders")
    try:
        yield
    finally:
        LOG.info("stopping")
        notify.stopping()


def _supervise(threads: ThreadGroup, server: HttpServer, signals: Signals) -> None:
    """Wait for a signal or a dead thread; tell systemd's watchdog as long as all threads live."""
    interval_s = notify.watchdog_interval_s()
    last_told = time.monotonic()
    while not threads.stop.is_set() and not signals.wait(SUPERVISION_INTERVAL_S):
        due = interval_s is not None and time.monotonic() - last_told >= interval_s - SUPERVISION_INTERVAL_S
        if due and threads.alive() and server.answers(EVENT_LOOP_HANG_S):
            notify.watchdog()
            last_told = time.monotonic()


def _library(settings: Settings, stop: threading.Event, pictures: PictureProcesses) -> Library:
    decode = settings.decode
    places = threading.BoundedSemaphore(CONCURRENT_QUERIES)
    clips = ClipWorker(timeout_s=decode.timeout_s, memory_mb=decode.memory_mb, stop=stop)
    return Library.open(
        settings.service.data_dir,
        profile=settings.models.profile,
        runtime=settings.models.options(),
        mode=decode.mode,
        read_scenes=SceneWorker(timeout_s=decode.timeout_s, memory_mb=decode.memory_mb, stop=stop),
        keyframes=settings.keyframes.options(),
        index=settings.index.options(),
        search=settings.search.options(),
        asking=QueryRules(pictures.read, places, ClipDecoding(clips.open, clips.cut_near)),
    )
