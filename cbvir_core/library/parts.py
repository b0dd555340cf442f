"""What a library is made of: the store, what answers from it, and the indices beside it."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace

from cbvir_core.clips import ClipSearcher
from cbvir_core.embed import RuntimeOptions
from cbvir_core.index import FrameIndex, IndexOptions
from cbvir_core.library.clean_end import CleanEnd
from cbvir_core.library.frame_rows import CodedViews, FrameDescriber
from cbvir_core.library.generations import DataFolders, Generations
from cbvir_core.library.networks import Networks
from cbvir_core.search import FrameFinder, SearchOptions
from cbvir_core.store import Store
from cbvir_core.weights import find_profile


@dataclass(frozen=True)
class LibraryParts:
    """The opened parts of a library; `frame_index` and `clips` are None where frames cannot be searched."""

    store: Store
    generations: Generations
    describer: FrameDescriber | None
    frame_index: FrameIndex | None
    clips: ClipSearcher | None


def open_parts(
    folders: DataFolders,
    profile: str,
    runtime: RuntimeOptions,
    index: IndexOptions,
    search: SearchOptions,
    frames: FrameDescriber | bool,
) -> LibraryParts:
    """Open the parts in the folders of a library, or none of them; the arguments are those of `Library.open`.

    Raises as that does.
    """
    if runtime.cache is None:
        runtime = replace(runtime, cache=folders.cache)
    wanted = Networks(find_profile(profile, folders.models), runtime)
    describer = CodedViews(runtime) if frames is True else frames or None
    frame_index = finder = clips = None
    with ExitStack() as opened:
        store = opened.enter_context(closing(Store.open(folders.store)))
        was_closed = CleanEnd(folders.in_use).begin()
        if describer is not None:
            store.use_frame_codec(describer.fingerprint)
        if isinstance(describer, CodedViews):
            frames_open = describer.open_index(folders.frames, store, trust_files=was_closed)
            frame_index = opened.enter_context(frames_open)
            finder = FrameFinder(frame_index, describer.encoder)
            clips = ClipSearcher(store, finder)
        index = replace(index, trust_files=was_closed)
        generations = Generations(
            store, wanted, folders, runtime=runtime, index=index, search=search, frames=finder
        )
        opened.pop_all()  # they stay open with the library
    return LibraryParts(store, generations, describer, frame_index, clips)
