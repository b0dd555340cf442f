"""The report of one collection: all tables and plots in one HTML file that opens without the internet."""

from __future__ import annotations

from cbvir_core.evaluate.collection.program import CollectionPlan, write_report

__all__ = ["CollectionPlan", "write_report"]
