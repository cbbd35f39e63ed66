"""Prints which share of the lines was run, by file, of what `llvm-cov export --format=lcov` says on standard input.

    lines.py NAME SOURCES   NAME is what is measured, SOURCES the folder of its source

Tests are no part of it: files that hold nothing else, and modules `#[cfg(test)] mod ... {` with what they hold. Ends with
status 1 where less than LEAST of a hundred lines was run.
"""

import pathlib
import re
import sys

LEAST = 90
TEST_FILE = re.compile(r"(^|/)(tests/.*|tests|testing|[a-z_]+_tests)\.rs$|/tests/")


def test_lines(source):
    """The numbers of the lines within test modules: from the attribute to the brace that stands where the module began."""
    found, end = set(), None
    lines = source.splitlines()
    for number, line in enumerate(lines, 1):
        if end is None and line.strip() == "#[cfg(test)]" and lines[number].rstrip().endswith("{"):
            end = re.match(r"\s*", line).group() + "}"
        if end is not None:
            found.add(number)
            if line == end:
                end = None
    return found


def counts(report, sources):
    """By file below `sources`, by line: how often it was run."""
    files, counted, skipped = {}, None, set()
    for line in report:
        key, _, value = line.rstrip("\n").partition(":")
        if key == "SF":
            path = pathlib.Path(value)
            counted = None
            if path.is_relative_to(sources) and not TEST_FILE.search(str(path.relative_to(sources))):
                skipped = test_lines(path.read_text())
                counted = files.setdefault(str(path.relative_to(sources)), {})
        elif key == "DA" and counted is not None:
            number, times = map(int, value.split(",")[:2])
            if number not in skipped:
                counted[number] = max(counted.get(number, 0), times)
    return files


def ranges(numbers):
    """As "3-5 9"."""
    found = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(f"{first}-{last}" if last > first else str(first) for first, last in found)


def main():
    name, sources = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    files = counts(sys.stdin, sources)
    run, all_lines = 0, 0
    for file, counted in sorted(files.items()):
        missed = [number for number, times in counted.items() if times == 0]
        run, all_lines = run + len(counted) - len(missed), all_lines + len(counted)
        if counted:
            print(f"{100 * (len(counted) - len(missed)) / len(counted):6.1f} % of {len(counted):4}  {file}  {ranges(missed)}".rstrip())
    share = 100 * run / max(all_lines, 1)
    print(f"{name}: {share:.1f} % of {all_lines} lines were run")
    return 0 if share >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
