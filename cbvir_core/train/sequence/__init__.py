"""Training of 2D CNN + LSTM: one vector a clip (Ravi and Nandakumar, arXiv:2105.08665).

The features of frames come from the filter, which does not learn (`features`, `material`).  The LSTM learns
as a classifier where clips have labels, or by contrast of clips of one stretch of a video (`lesson`).
"""
