"""What is known of one query while it is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cbvir_core.localise import Moment
from cbvir_core.search.answer import Candidate, Scored
from cbvir_core.search.judging import Judge, Question
from cbvir_core.search.options import LEAST_S, SearchOptions
from cbvir_core.search.prepare import Variant
from cbvir_core.search.refine import Refiner
from cbvir_core.search.shortlist import Gallery
from cbvir_core.search.stages import StageClock
from cbvir_core.types import Image


@dataclass
class Asked:
    """One query on its way through the stages."""

    picture: Image
    options: SearchOptions
    clock: StageClock
    judge: Judge  # one for the whole query, whatever is believed meanwhile
    variants: list[Variant]
    gallery: Gallery
    question: Question | None = None
    refiner: Refiner | None = None
    notes: tuple[str, ...] = ()
    blank: bool = False
    scored: Scored | None = None
    others: Mapping[int, Sequence[Candidate]] = field(default_factory=dict)
    moments: dict[int, Moment] = field(default_factory=dict)

    @property
    def refined(self) -> bool:
        """Whether SOLAR takes part."""
        return self.refiner is not None

    @property
    def is_late(self) -> bool:
        """Whether a likely scene is known, and the time that its very frame had is all but over."""
        return bool(self.moments) and self.left_s <= LEAST_S

    @property
    def left_s(self) -> float:
        """Seconds for the exact moment."""
        # Who asks for all scenes waits for them, and not for an answer at once.
        spent_s = 0.0 if self.options.everywhere else self.clock.elapsed_ms / 1000.0
        return max(LEAST_S, self.options.exact_time_s - spent_s)
