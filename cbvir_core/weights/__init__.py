"""Weight files: their format, checksums, profiles and downloads.  Nothing here needs torch."""
