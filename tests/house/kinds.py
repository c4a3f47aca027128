#!/usr/bin/env python3
"""Every kind of job is whole: registered, with an example, a page in docs/jobs and tests.

usage: kinds.py SOURCE_DIR    prints one line a fault, exit code 1 when there is one
"""
import pathlib
import re
import sys


def kinds_in(root):
    return sorted(path.name for path in (root / "jobs").iterdir() if path.is_dir())


def registered_kinds(root):
    text = (root / "jobs" / "registry.cpp").read_text(encoding="utf-8")
    return set(re.findall(r'"(\w+)"', text))


def faults_of(root, kind, registered):
    if kind not in registered:
        yield f'jobs/{kind}: not registered; add its line to jobs/registry.cpp ("{kind}" is not in it)'
    if not list((root / "examples").glob(f"{kind}*.toml")):
        yield f"jobs/{kind}: no example; add examples/{kind}.toml"
    if not (root / "docs" / "jobs" / f"{kind}.md").is_file():
        yield f"jobs/{kind}: no page; add docs/jobs/{kind}.md"
    tests = [path for path in (root / "tests" / "jobs").rglob("*_test.cpp") if kind in path.relative_to(root).as_posix()]
    if not tests:
        yield f"jobs/{kind}: no test; add tests/jobs/{kind}/..._test.cpp"


def faults_in(root):
    kinds = kinds_in(root)
    if not kinds:
        yield f"{root}/jobs: no kind of job"
    registered = registered_kinds(root)
    for kind in kinds:
        yield from faults_of(root, kind, registered)


def main():
    faults = list(faults_in(pathlib.Path(sys.argv[1])))
    print("\n".join(faults) or "every kind of job is whole")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
