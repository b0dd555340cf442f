"""The Debian package: a virtual environment in /opt/cbvir, units, man pages, completion, configuration.

``python -m packages.deb --into build`` builds it.  With ``--wheels FOLDER`` it needs no network.
"""
