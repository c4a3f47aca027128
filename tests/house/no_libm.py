#!/usr/bin/env python3
"""No library that makes values calls the C library's mathematics, whose bits differ between machines.

usage: no_libm.py NONE|EXACT LIBRARY.a...
NONE allows no symbol of libm; EXACT allows those that every libm gives the same bits for.
"""
import re
import subprocess
import sys

# Exact by definition: rounding to integers, taking apart and putting together, the remainder.
EXACT = set("ceil floor trunc round rint nearbyint lrint llrint lround llround fmod remainder ldexp scalbn scalbln "
            "frexp modf copysign nextafter logb ilogb fabs fmin fmax fdim sqrt fma nan".split())
EXACT |= {name + "f" for name in EXACT}
# The floating-point environment is no mathematics; worker/ sets and checks it.
EXACT |= set("fegetenv fesetenv feholdexcept feupdateenv fegetround fesetround feclearexcept fetestexcept feraiseexcept "
             "fegetexceptflag fesetexceptflag fedisableexcept feenableexcept fegetexcept".split())
# Complex products and quotients, and quad precision, come from the compiler's own library.
COMPILER = re.compile(r"__(mul|div)[sdxt]c3$|__.*tf[23]$")


def nm(*arguments):
    return subprocess.run(["nm", *arguments], check=True, capture_output=True, text=True).stdout


def names(listing):
    """Symbol names without their version."""
    return {line.split()[-1].split("@")[0] for line in listing.splitlines() if len(line.split()) >= 2}


def libm_symbols():
    path = subprocess.run(["gcc", "-print-file-name=libm.so.6"], check=True, capture_output=True, text=True).stdout.strip()
    # Not the C library's own helpers that every shared library has.
    return {name for name in names(nm("-D", "--defined-only", path)) if not name.startswith("_dl")}


def faults_in(library, forbidden):
    member = library
    for line in nm("--undefined-only", library).splitlines():
        if line.endswith(":"):
            member = line[:-1]
        words = line.split()
        if len(words) == 2 and words[0] in "Uw":
            name = words[1].split("@")[0]
            if name in forbidden or COMPILER.match(name):
                yield f"{library}({member}): calls {name}"


def main():
    level, libraries = sys.argv[1], sys.argv[2:]
    if level not in ("NONE", "EXACT") or not libraries:
        sys.exit(__doc__)
    forbidden = libm_symbols()
    for certain in ("exp", "log", "pow", "sin", "expf"):
        assert certain in forbidden, f"libm's symbols were not read: {certain} is not among them"
    if level == "EXACT":
        forbidden -= EXACT
    faults = [fault for library in libraries for fault in faults_in(library, forbidden)]
    print("\n".join(faults) or f"no libm in {len(libraries)} libraries")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
