#!/usr/bin/env python3
"""Each rule of rooms.py finds a house that breaks it, and lets a tidy one be."""
import pathlib
import tempfile
import unittest

import rooms

TIDY = {
    "core/error.hpp": "#include <fmt/core.h>\n",
    "kernels/a.cu": '#include "kernels/a.hpp"\n__global__ void f();\n',
    "kernels/a.hpp": "#include <cstdint>\n",
    "comm/mpi.cpp": '#include <mpi.h>\n#include "core/error.hpp"\nint x = MPI_Init(nullptr, nullptr);\n',
    "io/h5.cpp": "#include <hdf5.h>\n",
    "cli/main.cpp": "#include <CLI/CLI.hpp>\n// MPI_Init() in a comment\nint main() { exit(1); }\n",
}

# Name of the file to add, its text, a part of the fault.
BROKEN = [
    ("core/a.cpp", '#include "io/h5.hpp"\n', "core may use only rooms up to itself"),
    ("jobs/a.cpp", '#include "worker/worker.hpp"\n', "jobs may use only"),
    ("jobs/a.cpp", '#include "vendor/thing.hpp"\n', "in no room"),
    ("jobs/a.cpp", "#include <hdf5.h>\n", "HDF5 has no place"),
    ("io/a.cpp", "  #  include <mpi.h>\n", "MPI has no place"),
    ("comm/a.cpp", "#include <nccl.h>\n", "NCCL has no place"),
    ("worker/a.cpp", "#include <cuda_runtime.h>\n", "CUDA has no place"),
    ("topology/nvml.cpp", "#include <nvml.h>\n", "CUDA has no place"),
    ("kernels/a.cpp", "#include <cmath>\n", "libm has no place"),
    ("jobs/a.cpp", "#include <spdlog/spdlog.h>\n", "spdlog has no place"),
    ("jobs/a.cu", "__global__ void f();\n", "has a kernel"),
    ("worker/a.cpp", "f<<<1, 2>>>();\n", "kernel launch"),
    ("worker/a.cpp", "MPI_Send(1);\n", "an MPI call"),
    ("jobs/a.cpp", "void f() { std::exit(2); }\n", "an end of the process"),
    ("kernels/b.cu", "cudaMallocManaged(&p, 1);\n", "managed memory"),
    ("kernels/b.cu", "check(cudaMalloc(&p, 1));\n", "memory of a device outside its pool"),
    ("comm/nccl_a.cpp", "cudaMallocAsync(&p, 1, s);\n", "memory of a device outside its pool"),
    ("kernels/price/b.cu", "cudaMallocHost(&p, 1);\n", "memory of a device outside its pool"),
    ("cli/b.cpp", "#include <CLI/App.hpp>\n", "one file a room"),
    ("io/a.hpp", "#include <nlohmann/json.hpp>\n", "nlohmann-json in a header"),
    ("kernels/b.cu", '#include "kernels/b.hpp"\n', 'reaches "core/error.hpp"'),
]


class Rooms(unittest.TestCase):
    def faults(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return list(rooms.faults_in(root))

    def test_tidy_house(self):
        self.assertEqual(self.faults(TIDY), [])

    def test_each_broken_rule(self):
        for name, text, part in BROKEN:
            with self.subTest(name=name, text=text):
                files = dict(TIDY, **{name: text})
                if "b.hpp" in text:
                    files["kernels/b.hpp"] = '#include "core/error.hpp"\n'
                faults = self.faults(files)
                self.assertTrue(any(part in fault for fault in faults), faults)

    def test_empty_house(self):
        self.assertIn("no source files", self.faults({})[0])


if __name__ == "__main__":
    unittest.main()
