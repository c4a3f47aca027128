// What every rank checks of its CPU, its threads and its memory.
#pragma once

#include <cstdint>
#include <vector>

#include "cli/selftest/line.hpp"
#include "cli/selftest/price_jobs.hpp"
#include "kernels/known_answers.hpp"
#include "topology/facts.hpp"

namespace muster::cli::selftest {

Line check_instruction_set(topology::Cpu const& cpu);
Line judge_known_answers(std::vector<kernels::KnownAnswer> const& answers);
/// Each of `jobs` on CPU threads.
Lines check_cpu_jobs(std::span<PriceJob const> jobs, int threads);

/// What `threads` threads got when all of them worked.
struct ThreadFindings {
  int threads = 0;      ///< started
  int bound_to = 0;     ///< CPUs they may run on
  double cpus_got = 0;  ///< CPU time over wall time
};
/// Works for a fraction of a second. Throws Error (Exit::environment) when a thread cannot be started.
ThreadFindings measure_threads(int threads);
Line judge_threads(ThreadFindings const& findings);

/// Takes and touches `need_bytes`.
Line check_memory(topology::Memory const& memory, std::uint64_t need_bytes);

}  // namespace muster::cli::selftest
