"""The training of the filter's weights: ``python -m cbvir_core.train --help``.

Pictures are decoded once (`pictures`, `videos`); every step edits views of each as people edit frames
(`augment`: `framing`, then `degrade`); the network (`cbvir_core.embed.mobilenet`) learns that two views
are the same picture, and where there is a teacher also what the teacher says of the unedited one
(`losses`, `teacher`) and what its blocks make of the view (`hints`).  The clock sets the pace
(`schedule`, `loop`); a run is kept in one folder with its recipe (`recipe`, `checkpoint`) and ends as a
weight file (`export`, `measure`).

On a processor that is busy with other things, set ``OMP_WAIT_POLICY=passive``: otherwise threads spin
while they wait for one another.
"""
