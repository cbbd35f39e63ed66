"""Measuring several sides alternately, and what comes of it: one row of the table."""

import dataclasses
import math
import os
import statistics

ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)

# Where the sides are close to each other or to a target: five rounds would say "met" today and "missed" tomorrow.
MANY_ROUNDS = 3 * ROUNDS
# Where a few hundredths are between a side and its target.
MOST_ROUNDS = 2 * MANY_ROUNDS


def interleaved(steps, between=None, rounds=ROUNDS):
    """Measures every side of every step once a round, each round in the reverse order of the one before.

    steps has by its name, for each step that a round consists of, the sides: functions, by name, that take the
    round's number and return a Measured. A first round warms caches up and does not count. between is called after
    each round. Gives the figures in the same shape, one a round.
    """
    figures = {step: {name: [] for name in sides} for step, sides in steps.items()}
    for number in range(rounds + 1):
        for step, sides in steps.items():
            for name in sides if number % 2 == 0 else reversed(sides):
                figure = sides[name](number)
                if number > 0:
                    figures[step][name].append(figure)
        if between:
            between()
    return figures


@dataclasses.dataclass
class Target:
    """What a row is measured by: "at least" or "at most" this ratio, or "at most" this many seconds "more"."""

    bound: str
    limit: float

    def is_met(self, value):
        """Whether a ratio or difference is within it."""
        return value >= self.limit if self.bound == "at least" else value <= self.limit

    def __str__(self):
        if self.bound == "more":
            return f"at most {self.limit * 1000:g} ms more"
        return f"{self.bound} {self.limit:g}"


def at_least(limit):
    """A target of rates."""
    return Target("at least", limit)


def at_most(limit):
    """A target of times."""
    return Target("at most", limit)


def at_most_more(seconds):
    """A target of the difference between two times."""
    return Target("more", seconds)


@dataclasses.dataclass
class Measured:
    """What one operation took, in seconds: of time, and of the server's processors."""

    time: float
    cpu: float


@dataclasses.dataclass
class Row:
    """One comparison, each side with a Measured a round. A rate, where is_rate, is the inverse of the time."""

    workload: str
    what: str
    against: str
    ours: list
    baseline: list
    target: Target = None
    is_rate: bool = False

    def figures(self, side):
        """Times in seconds or, for a rate, numbers a second."""
        return [1 / one.time if self.is_rate else one.time for one in side]

    @property
    def ratios(self):
        """Ours to the baseline's, in each round: what disturbs the machine for seconds disturbs both."""
        return [ours / baseline for ours, baseline in zip(self.figures(self.ours), self.figures(self.baseline), strict=True)]

    @property
    def ratio(self):
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios)

    @property
    def cpu_ratio(self):
        """The processor time of an operation, ours to the baseline's; all rounds together."""
        return sum(one.cpu for one in self.ours) / sum(one.cpu for one in self.baseline)

    @property
    def differences(self):
        """The seconds that ours takes more, in each round."""
        return [ours.time - baseline.time for ours, baseline in zip(self.ours, self.baseline, strict=True)]

    @property
    def difference(self):
        """The median of the rounds' differences."""
        return statistics.median(self.differences)

    @property
    def cpu_difference(self):
        """The seconds of processor time that ours takes more; the median of the rounds."""
        return statistics.median(ours.cpu - baseline.cpu for ours, baseline in zip(self.ours, self.baseline, strict=True))

    @property
    def verdict(self):
        """Whether the target is met, or nothing where there is none; and whether that is certain."""
        if self.target is None:
            return ""
        rounds = self.differences if self.target.bound == "more" else self.ratios
        is_met = self.target.is_met(statistics.median(rounds))
        verdict = "met" if is_met else "missed"
        return verdict if all(self.target.is_met(end) == is_met for end in interval(rounds)) else f"{verdict}, not certain"


def interval(values):
    """Where the true median lies, 19 times in 20, whatever the values' distribution; with fewer than six: all of them.

    A value is above the true median as often as below, like a coin. So the median lies outside of all values only if all
    coins fall on one side, outside of all but one at each end if all or all but one do, and so on.
    """
    count, ordered = len(values), sorted(values)
    left_out, outside = 0, 2 / 2**count
    while (outside := outside + 2 * math.comb(count, left_out + 1) / 2**count) <= 0.05:
        left_out += 1
    return ordered[left_out], ordered[-1 - left_out]


def require_equal(counts):
    """Fails unless all sides wrote the same; counts are what each of them counted, by name."""
    (first, expected), *others = counts.items()
    for name, found in others:
        if found != expected:
            if isinstance(found, list) and len(found) == len(expected):
                # Only the rows that differ first, of what may be many thousand.
                expected, found = next((one, other) for one, other in zip(expected, found) if one != other)
            raise AssertionError(f"{first} and {name} wrote different rows:\n{first}: {expected}\n{name}: {found}")
