"""The training of video similarity: ``python -m cbvir_core.train video --help``.

- Clips: `clips` reads stretches of videos, `slides` makes more of photographs that a camera moves over.
- Views: `views` makes a weak view and strong ones of each clip (S2VS: global and frame augmentation, video in
  video); `regions` describes all of them once by the filter and keeps that in the folder of the run.
- Steps: `order` draws which frames a view shows and when (temporal augmentation); `lesson` compares the views
  of a batch with one another by the network in `network`, and `losses` says how they should come out.
- Result: `export` writes the weight file; `recipe` holds every choice of a run.
"""
