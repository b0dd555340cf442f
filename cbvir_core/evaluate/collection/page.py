"""The HTML page of a report: tables and charts, with nothing that is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cbvir_core.evaluate.collection.charts import BarChart, Chart, csv_text
from cbvir_core.evaluate.report import EvaluationReport

STYLE = """\
body{font:15px/1.5 system-ui,sans-serif;max-width:1200px;margin:2rem auto;padding:0 1rem;color:#1f2328;
background:#fff}
.table{overflow-x:auto}table{border-collapse:collapse;margin:1rem 0}
th,td{padding:.3rem .8rem;border-bottom:1px solid #d0d7de;white-space:nowrap}
th{text-align:left}.number{text-align:right;font-variant-numeric:tabular-nums}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:2rem 1.5rem}
figure{margin:0}figcaption{font-weight:600}p.file,li{color:#57606a;font-size:14px}p.file{margin:.3rem 0}
li{overflow-wrap:anywhere}svg{max-width:100%;height:auto}
"""


def report_page(
    title: str, reports: Sequence[EvaluationReport], charts: Sequence[Chart | BarChart], stem: str
) -> str:
    """Return the page as text.  `stem` begins the names of the files that hold its numbers."""
    tables = "".join(_table(one, stem) for one in reports)
    figures = "".join(
        f"<figure><figcaption>{escape(one.title)}</figcaption>{one.svg()}"
        f"{_file(chart_file(one, stem))}</figure>"
        for one in charts
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'{tables}<h2>Plots</h2><div class="charts">{figures}</div></body></html>\n'
    )


def report_csv(report: EvaluationReport) -> str:
    """Return the cells of a table as CSV."""
    lines = [[column.cell(row) for column in report.columns] for row in report.rows]
    return csv_text([[column.heading for column in report.columns], *lines])


def table_file(report: EvaluationReport, stem: str) -> str:
    """Return the name of the file that holds the cells of a table."""
    return f"{stem}-table-{report.table}.csv"


def chart_file(chart: Chart | BarChart, stem: str) -> str:
    """Return the name of the file that holds the numbers of a chart."""
    return f"{stem}-{chart.name}.csv"


def _file(name: str) -> str:
    return f'<p class="file">numbers: {escape(name)}</p>'


def _table(report: EvaluationReport, stem: str) -> str:
    numeric = [
        not any(isinstance(getattr(row, column.field), str) for row in report.rows)
        for column in report.columns
    ]
    kinds = [' class="number"' if one else "" for one in numeric]
    heads = "".join(
        f"<th{kind}>{escape(column.heading)}</th>" for kind, column in zip(kinds, report.columns, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{escape(column.cell(row))}</td>"
            for kind, column in zip(kinds, report.columns, strict=True)
        )
        + "</tr>"
        for row in report.rows
    )
    notes = "".join(f"<li>{escape(line)}</li>" for line in (*report.reading, *report.conditions))
    name = f"Table {report.table}" if set(report.table) <= set("IVX") else report.table
    title = f"<h2>{escape(name)}: {escape(report.title)}</h2>"
    return (
        f'{title}<div class="table"><table><tr>{heads}</tr>{rows}</table></div>'
        f"{_file(table_file(report, stem))}<ul>{notes}</ul>"
    )
