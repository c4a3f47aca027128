#!/usr/bin/env python3
"""The rules of the house that a compiler does not know: who may include, call and name what.

usage: rooms.py SOURCE_DIR    prints one line a fault, exit code 1 when there is one
"""
import pathlib
import re
import sys

ROOMS = ["core", "topology", "kernels", "comm", "io", "jobs", "worker", "orchestrator", "cli"]
SUFFIXES = {".hpp", ".cpp", ".cu", ".h", ".cuh"}

# A library's headers and the only places they may appear: (name, header pattern, path pattern).
LIBRARIES = [
    ("HDF5", r"hdf5(_hl)?\.h|H5\w+\.h", r"io/"),
    ("MPI", r"mpi\.h", r"comm/"),
    ("NCCL", r"nccl\.h", r"comm/nccl"),
    ("CUDA", r"cuda[\w.]*\.h|cu(blas|blasLt|rand|solver|fft)\w*\.h|nvml\.h|cub/.*|thrust/.*",
     r"kernels/|topology/probe|comm/nccl|worker/device_memory"),
    ("hwloc", r"hwloc(/.*)?\.h", r"topology/"),
    ("CLI11", r"CLI/.*", r"cli/"),
    ("toml++", r"toml\+\+/.*", r"core/"),
    ("spdlog", r"spdlog/.*", r"core/log\.cpp"),
    ("libm", r"cmath|math\.h|complex", r"(?!kernels/)"),
    ("Eigen", r"Eigen/.*", r"jobs/"),
    ("ONNX", r"onnx/.*", r"io/onnx_file\.cpp"),
]
# Costly to compile: one file a room.
ONE_FILE_A_ROOM = [("CLI11", r"CLI/.*"), ("toml++", r"toml\+\+/.*"), ("nlohmann-json", r"nlohmann/json\.hpp")]

# Text and the only places it may appear.
WORDS = [
    ("a kernel (__global__)", r"\b__global__\b", r"kernels/"),
    ("a kernel launch (<<<)", r"<<<", r"kernels/"),
    ("an MPI call", r"\bMPI_[A-Z]\w*\s*\(", r"comm/"),
    ("an NCCL call", r"\bnccl[A-Z]\w*\s*\(", r"comm/"),
    ("an HDF5 call", r"\bH5[A-Z]+\w*\s*\(", r"io/"),
    ("an end of the process", r"\bstd::(?:exit|_Exit|quick_exit|abort|terminate)\s*\(|(?<![\w.>])_?exit\s*\(", r"cli/|comm/mpi_watch\.cpp"),  # the watch leaves when MPI never returns
    ("managed memory", r"\bcudaMallocManaged\b", r"(?!)"),
    ("memory of a device outside its pool", r"\b(?:cudaMalloc|cudaHostAlloc|cuMem\w*Alloc|cudaMemPoolCreate)\w*",
     r"kernels/cuda_memory\.cu"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def source_files(root):
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in SUFFIXES:
                yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def without_comments(text):
    return COMMENT.sub(lambda found: '""' if found.group().startswith('"') else " ", text)


def check_room_order(name, includes):
    room = name.split("/")[0]
    for mark, header in includes:
        used = header.split("/")[0]
        if mark != '"' or "/" not in header:
            continue
        if used not in ROOMS:
            yield f'{name}: includes "{header}", which is in no room; use <> for a library'
        elif ROOMS.index(used) > ROOMS.index(room):
            yield f'{name}: includes "{header}", but {room} may use only rooms up to itself: {" ".join(ROOMS)}'


def check_libraries(name, includes):
    for mark, header in includes:
        for library, pattern, places in LIBRARIES:
            if mark == "<" and re.fullmatch(pattern, header) and not re.match(places, name):
                yield f"{name}: includes <{header}>; {library} has no place there"


def check_words(name, text):
    code = without_comments(text)
    for what, pattern, places in WORDS:
        found = re.search(pattern, code)
        if found and not re.match(places, name):
            yield f"{name}: has {what}: {found.group()}"


def check_heavy_headers(all_includes):
    for library, pattern in ONE_FILE_A_ROOM:
        users = {}
        for name, includes in all_includes.items():
            if any(re.fullmatch(pattern, header) for _, header in includes):
                users.setdefault(name.split("/")[0], []).append(name)
        for names in users.values():
            yield from (f"{name}: {library} in a header; include it in one .cpp" for name in names if name.endswith(".hpp"))
            if len(names) > 1:
                yield f"{names[1]}: {library} is included in {names[0]} too; one file a room includes it"


def check_device_code(all_includes):
    """nvcc rejects fmt, spdlog and toml++, so a .cu file reaches only kernels/ and plain headers."""
    for name in all_includes:
        if not name.endswith(".cu"):
            continue
        reached, waiting = set(), [name]
        while waiting:
            here = waiting.pop()
            for mark, header in all_includes.get(here, []):
                if mark == "<" and re.match(r"fmt/|spdlog/|toml\+\+/|nlohmann/", header):
                    yield f"{name}: reaches <{header}> through {here}; nvcc does not compile it"
                if mark == '"' and header not in reached:
                    reached.add(header)
                    waiting.append(header)
                    if not header.startswith("kernels/"):
                        yield f'{name}: reaches "{header}" through {here}; device code uses kernels/ alone'


def faults_in(root):
    all_includes = {}
    for name, text in source_files(root):
        all_includes[name] = INCLUDE.findall(text)
        yield from check_room_order(name, all_includes[name])
        yield from check_libraries(name, all_includes[name])
        yield from check_words(name, text)
    if not all_includes:
        yield f"{root}: no source files found"
    yield from check_heavy_headers(all_includes)
    yield from check_device_code(all_includes)


def main():
    faults = list(faults_in(pathlib.Path(sys.argv[1])))
    print("\n".join(faults) or "the house is in order")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
