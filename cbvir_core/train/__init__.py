"""The training of cbvir's weights: ``python -m cbvir_core.train --help``.

- Data: `pictures` and `videos` decode every training picture once.  `origins` groups frames by scene
  and by source.
- Augmentation: each step makes two perturbed views of each picture (`augment`: first `framing`, then
  `degrade`; `random_draws` makes them repeatable).
- Run: `loop` takes steps until the time budget is spent.  `schedule` sets learning rate, size and
  strength by the share of the budget that is spent.  `checkpoint` keeps the run on disk.
- Lesson: `lesson` is the part of a run that differs between the two networks; `losses` holds its losses.
  `filter_lesson` trains the filter: first block by block on the maps of a teacher (`hints`), then on
  pairs of views and on the descriptors of the teacher (`teacher`).  `solar_lesson` trains the refinement:
  it starts from weights of this program (`start`) and uses hard negatives (`mining`).
- Result: `export` writes the weight file, and chooses its input side and whitening (`whitening`) by the
  recall that `measure` finds.
- Videos: `video` trains the similarity of whole videos, with its own data, views and losses.
- Choices: `recipe` holds every choice of a run, `recipe_file` reads and writes it as TOML.

On a processor that is busy with other things, set ``OMP_WAIT_POLICY=passive``: otherwise threads spin
while they wait for one another.
"""
