"""The parts of a picture in which another picture may lie: in a page, in a player, on a screen."""
