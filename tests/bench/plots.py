"""The curves of cost against size, as SVG."""

import statistics

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plot  # noqa: E402 (the backend is chosen first)

# The same figures give the same file.
matplotlib.rcParams["svg.hashsalt"] = "phasegate"


def draw(curve, file):
    """Draws lines of (size, what the rounds measured): medians, with bars from the least to the greatest."""
    figure, axes = plot.subplots(figsize=(7, 4.5), layout="constrained")
    for name, points in curve["lines"].items():
        sizes = [size for size, _ in points]
        times = [[one.time * 1e3 for one in found] for _, found in points]
        medians = [statistics.median(found) for found in times]
        below = [median - min(found) for median, found in zip(medians, times)]
        above = [max(found) - median for median, found in zip(medians, times)]
        axes.errorbar(sizes, medians, yerr=(below, above), marker="o", capsize=3, label=name)
    axes.set_xscale("symlog", linthresh=min(size for points in curve["lines"].values() for size, _ in points if size))
    axes.set_yscale("log")
    axes.set_xlabel(curve["x"])
    axes.set_ylabel(f"{curve['y']}, ms")
    axes.set_title(curve["title"])
    axes.grid(True, which="both", alpha=0.2)
    axes.legend()
    figure.savefig(file, metadata={"Date": None})
    plot.close(figure)
