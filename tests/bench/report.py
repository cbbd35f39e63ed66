"""The table of results: printed, and written as Markdown and JSON."""

import json
import statistics

from .rounds import interval

HEADINGS = ["", "workload", "ours", "baseline", "is", "ratio", "CPU", "target", "verdict"]


def quantity(value, is_rate):
    """A figure with its unit, in three or four digits."""
    if is_rate:
        return f"{value:,.0f}/s"
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}" if value * factor < 1000 else f"{value * factor:,.0f} {unit}"
    return f"{value * 1e6:.3g} µs"


def spread(values, is_rate):
    """The median, and from where to where the rounds went."""
    least, median, most = (quantity(value, is_rate) for value in (min(values), statistics.median(values), max(values)))
    return f"{median} ({least} .. {most})"


def ratio(row):
    """The median of the rounds' ratios, and between what it lies; for a difference, that as well."""
    least, most = interval(row.ratios)
    text = f"{row.ratio:.2f} ({least:.2f} .. {most:.2f})"
    if row.target and row.target.bound == "more":
        text = f"{row.difference * 1000:+.1f} ms; {text}"
    return text


def cpu(row):
    """The ratio of processor times; for a difference, that as well."""
    text = f"{row.cpu_ratio:.2f}"
    if row.target and row.target.bound == "more":
        text = f"{row.cpu_difference * 1000:+.1f} ms; {text}"
    return text


def cells(row):
    """A row of the table, as HEADINGS."""
    return [row.workload, row.what, spread(row.figures(row.ours), row.is_rate),
            spread(row.figures(row.baseline), row.is_rate), row.against, ratio(row), cpu(row),
            str(row.target or ""), row.verdict]


def markdown(rows, conditions):
    """The table as Markdown that reads well as plain text too."""
    table = [HEADINGS, *map(cells, rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in table]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([
        "# Benchmarks",
        "",
        *(f"- {name}: {value}" for name, value in conditions.items()),
        "- Figures are medians of the rounds, with the least and the greatest of them. The ratio is the median of each",
        "  round's ratio of ours to the baseline, both measured one right after the other; the numbers after it are",
        "  between what it lies in 19 cases of 20 (with fewer than six rounds: the least and the greatest). A target of",
        "  rates (/s) is \"at least\", one of times \"at most\". Rows without a target are for information. A verdict is",
        "  \"not certain\" where the target lies between these numbers.",
        "- CPU is the ratio of the processor time that the server took for an operation, ours to the baseline's: without",
        "  the client, and little disturbed by what else the machine does. No target is measured by it.",
        "",
        *lines,
        "",
    ])


def as_json(rows, conditions, curves):
    """All figures of all rounds, and the points of the curves."""
    return json.dumps({
        "conditions": conditions,
        "rows": [
            {"workload": row.workload, "what": row.what, "baseline_is": row.against,
             "unit": "1/s" if row.is_rate else "s", "ours": row.figures(row.ours), "baseline": row.figures(row.baseline),
             "cpu_seconds": {"ours": [one.cpu for one in row.ours], "baseline": [one.cpu for one in row.baseline]},
             "ratios": row.ratios, "ratio": row.ratio, "cpu_ratio": row.cpu_ratio, "difference": row.difference,
             "cpu_difference": row.cpu_difference,
             "target": str(row.target) if row.target else None, "verdict": row.verdict or None}
            for row in rows
        ],
        "curves": {
            name: {**curve, "lines": {line: [[size, [one.time for one in found]] for size, found in points]
                                      for line, points in curve["lines"].items()}}
            for name, curve in curves.items()
        },
    }, indent=1)
