"""The HTML page of a report: tables and charts, with nothing that is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cbvir_core.evaluate.collection.charts import Chart
from cbvir_core.evaluate.report import EvaluationReport

STYLE = """\
body{font:15px/1.5 system-ui,sans-serif;max-width:1200px;margin:2rem auto;padding:0 1rem;color:#1f2328}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.3rem .8rem;border-bottom:1px solid #d0d7de}
th{text-align:left}td.number{text-align:right;font-variant-numeric:tabular-nums}
.charts{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0}figcaption{font-weight:600}
li{color:#57606a}svg{max-width:100%;height:auto}
"""


def report_page(title: str, reports: Sequence[EvaluationReport], charts: Sequence[Chart]) -> str:
    """Return the page as text."""
    tables = "".join(_table(one) for one in reports)
    figures = "".join(
        f"<figure><figcaption>{escape(one.title)}</figcaption>{one.svg()}"
        f"<p>numbers: {escape(one.name)}.csv</p></figure>"
        for one in charts
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'{tables}<h2>Plots</h2><div class="charts">{figures}</div></body></html>\n'
    )


def report_csv(report: EvaluationReport) -> str:
    """Return the cells of a table as CSV."""
    lines = [",".join(column.heading for column in report.columns)]
    lines += [",".join(column.cell(row) for column in report.columns) for row in report.rows]
    return "\n".join(lines) + "\n"


def _table(report: EvaluationReport) -> str:
    heads = "".join(f"<th>{escape(column.heading)}</th>" for column in report.columns)
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td class="{"" if isinstance(getattr(row, column.field), str) else "number"}">'
            f"{escape(column.cell(row))}</td>"
            for column in report.columns
        )
        + "</tr>"
        for row in report.rows
    )
    notes = "".join(f"<li>{escape(line)}</li>" for line in (*report.reading, *report.conditions))
    name = f"Table {report.table}" if set(report.table) <= set("IVX") else report.table
    title = f"<h2>{escape(name)}: {escape(report.title)}</h2>"
    return f"{title}<table><tr>{heads}</tr>{rows}</table><ul>{notes}</ul>"
