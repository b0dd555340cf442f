"""Bars around a picture: found in one picture or over a whole video, and cut off."""
