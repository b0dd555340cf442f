"""What a library is asked: pictures, clips, pictures in order, and why an answer was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cbvir_core.clips import ClipAnswer, ClipSearcher, OrderedHit, videos_in_order
from cbvir_core.errors import InputError
from cbvir_core.library.generations import Generations
from cbvir_core.library.query_picture import QueryPicture, QueryRules
from cbvir_core.search import (
    FrameAgreement,
    SearchOptions,
    StageListener,
    draw_answered_frame,
    frame_agreement,
)
from cbvir_core.store import Store
from cbvir_core.types import Answer, Image, KeyframeId, Region


class LibraryQueries:
    """The part of a library that answers.  Any number of threads may ask at once."""

    def __init__(
        self, store: Store, generations: Generations, clips: ClipSearcher | None, rules: QueryRules
    ) -> None:
        self._store, self._generations, self._clips, self._rules = store, generations, clips, rules

    def read(self, query: QueryPicture) -> Image:
        """Return a picture as it is asked with: upright, of the size in whose pixels a region is given."""
        return self._rules.picture(query)

    def search(
        self, query: QueryPicture, options: SearchOptions | None = None, told: StageListener | None = None
    ) -> Answer:
        """Return where a picture appears; `told` gets the answers of earlier stages.

        `options` replaces those the library was opened with.  Raises NotAPicture, FileUnreadable,
        InputError (a region outside the picture), UnknownVideo (`within` names none).
        """
        picture = self._rules.picture(query)
        with self._rules.place, self._generations.inside() as answering:
            answering.index.refresh()
            answer = answering.searcher.search(picture, options, told)
        return replace(answer, notes=answer.notes + self._generations.notes())

    def search_clip(
        self, path: Path | str, options: SearchOptions | None = None, *, sheets: bool = False
    ) -> ClipAnswer:
        """Return which parts of the video file at `path` are parts of which videos, by their frames.

        With `sheets` the hits that are at least likely have their evidence as a picture.  Raises NotAVideo,
        DamagedVideo, FileUnreadable, DecodeMemory, InputError (without frame rows).
        """
        if self._clips is None:
            raise InputError("This library is open without frame rows, by which clips are found.")
        with self._rules.place:
            return self._clips.search(
                Path(path), options or SearchOptions(), sheets=sheets, decoding=self._rules.clips
            )

    def search_in_order(
        self, pictures: Sequence[QueryPicture], options: SearchOptions | None = None
    ) -> list[OrderedHit]:
        """Return which videos show the pictures one after the other, the most certain first.

        Raises what `search` raises; the error says which picture it is.
        """
        answers: list[Answer] = []
        for number, picture in enumerate(pictures, start=1):
            try:
                answers.append(self.search(picture, options))
            except InputError as error:
                raise error if error.path else error.about(f"picture {number}") from error
        return videos_in_order(answers, options or SearchOptions())

    def agreement(
        self,
        query: QueryPicture,
        keyframe_id: KeyframeId,
        *,
        time_s: float | None = None,
        region: Region | None = None,
    ) -> FrameAgreement:
        """Return in what the query agrees with the frame at a hit's `time_s`: `evidence` in numbers.

        The keyframe's still is compared without a time, and where the file is offline.  Raises NotAPicture,
        FileUnreadable, InputError, UnknownVideo.
        """
        picture = self._rules.picture(query)
        with self._rules.place:
            return frame_agreement(self._store, picture, keyframe_id, time_s, region)

    def evidence(
        self,
        query: QueryPicture,
        keyframe_id: KeyframeId,
        caption: Sequence[str] = (),
        *,
        time_s: float | None = None,
        region: Region | None = None,
    ) -> Image:
        """Draw why a hit was found: the query, the frame at the hit's `time_s`, and the points they agree in.

        The keyframe's still is shown without a time, and with a note where the file is offline.  The lines of
        `caption` are printed below.  Raises NotAPicture, FileUnreadable, InputError, UnknownVideo.
        """
        picture = self._rules.picture(query)
        with self._rules.place:
            return draw_answered_frame(
                self._store, picture, keyframe_id, time_s, region=region, caption=caption
            )
