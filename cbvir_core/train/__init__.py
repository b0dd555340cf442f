"""The training of cbvir's weights: ``python -m cbvir_core.train --help``.

Pictures are decoded once (`pictures`, `videos`; `origins` tells frames of one scene or source); every
step edits two views of each as people edit frames (`augment`: `framing`, then `degrade`).  A run
(`loop`) follows the clock (`schedule`) through a `lesson`: that of the filter (`filter_lesson`) begins
with what each block of a teacher of the same architecture makes of a view (`hints`), then both views
are the same picture, and where there is a teacher also what it says of the unedited one (`teacher`);
that of the refinement (`solar_lesson`) begins with weights of our own (`start`) and sets views against
hard negatives that are mined from the whole set (`mining`).  `losses` holds what they ask for.  A run
is kept in one folder with its recipe (`recipe`, `recipe_file`, `checkpoint`) and ends as a weight file
(`export`, `measure`).

On a processor that is busy with other things, set ``OMP_WAIT_POLICY=passive``: otherwise threads spin
while they wait for one another.
"""
