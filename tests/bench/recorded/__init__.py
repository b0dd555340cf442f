"""Recorded answers: are the answers of two versions of cbvir to the same questions the same?

``python -m bench.recorded ask`` puts a fixed set of questions to a library and writes every answer down;
``python -m bench.recorded compare`` lists each difference between two such files.  Run the first with the
version before a change and, on the same library, with the version after it.
"""
