#include "cli/selftest/machine_checks.hpp"

#include <fmt/core.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <memory>
#include <new>
#include <system_error>
#include <thread>

#include "core/error.hpp"
#include "core/text.hpp"
#include "kernels/isa.hpp"

namespace muster::cli::selftest {
namespace {

constexpr double work_s = 0.1;

double thread_cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

int allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Machines of more CPUs than the set holds answer EINVAL: no binding is known then.
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : CPU_SETSIZE;
}

/// CPU seconds that this thread got in work_s of wall time.
double work() {
  auto const end = std::chrono::steady_clock::now() + std::chrono::duration<double>(work_s);
  auto const before = thread_cpu_s();
  while (std::chrono::steady_clock::now() < end) {
  }
  return thread_cpu_s() - before;
}

}  // namespace

Line check_instruction_set(topology::Cpu const& cpu) {
  return guarded("instruction set", [&] {
    return passed("instruction set", std::string(kernels::isa_name(kernels::active_isa())),
                  fmt::format("{}; MUSTER_ISA forces another", cpu.model));
  });
}

Line judge_known_answers(std::vector<kernels::KnownAnswer> const& answers) {
  auto const right = std::count_if(answers.begin(), answers.end(), [](auto const& answer) { return answer.holds(); });
  auto const figure = fmt::format("{} of {} right", right, answers.size());
  auto const wrong = std::find_if(answers.begin(), answers.end(), [](auto const& answer) { return !answer.holds(); });
  if (wrong == answers.end())
    return passed("known answers", figure, "Philox's published words, special functions in both precisions");
  return failed("known answers", figure,
                fmt::format("{} gives {:016x} and must give {:016x} (no result of this machine can be right); check the "
                            "build's flags and the hardware", wrong->name, wrong->computed, wrong->expected));
}

Lines check_cpu_jobs(std::span<PriceJob const> jobs, int threads) {
  Lines lines;
  worker::Consumption devices;
  devices.threads = threads;
  for (auto const& job : jobs) {
    auto const name = fmt::format("CPU job {}", job.name);
    lines.push_back(guarded(name, [&] { return judge(name, job, compute(job, devices)); }));
  }
  return lines;
}

ThreadFindings measure_threads(int threads) {
  auto const count = static_cast<std::size_t>(threads);
  ThreadFindings findings{threads, CPU_SETSIZE, 0};
  std::vector<double> seconds(count);
  std::vector<int> bound(count);
  {
    std::vector<std::jthread> started;
    try {
      for (std::size_t i = 0; i < count; ++i)
        started.emplace_back([&, i] {
          bound[i] = allowed_cpus();
          seconds[i] = work();
        });
    } catch (std::system_error const& fault) {
      throw_error(Exit::environment, "only {} of {} threads could be started: {} (jobs start as many); raise ulimit -u or "
                  "the control group's pids.max, or use --threads", started.size(), threads, fault.what());
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    findings.cpus_got += seconds[i] / work_s;
    findings.bound_to = std::min(findings.bound_to, bound[i]);
  }
  return findings;
}

Line judge_threads(ThreadFindings const& findings) {
  auto const figure = fmt::format("{} started, {:.2f} CPUs got", findings.threads, findings.cpus_got);
  auto line = findings.bound_to >= findings.threads
                  ? passed("threads", figure, "those of the plan; other programs take what is missing")
                  : failed("threads", figure,
                           fmt::format("{} threads share {} CPU{} that the launcher bound them to (jobs would run at a "
                                       "part of the speed); use mpirun --bind-to none, or srun --cpus-per-task={}",
                                       findings.threads, findings.bound_to, findings.bound_to == 1 ? "" : "s",
                                       findings.threads));
  line.values = {{"threads", findings.threads}, {"cpus_got", findings.cpus_got}};
  return line;
}

Line check_memory(topology::Memory const& memory, std::uint64_t need_bytes) {
  auto const limit = memory.limit_bytes > 0 ? memory.limit_bytes : memory.total_bytes;
  auto const figure = fmt::format("{} of {} available", human_bytes(memory.available_bytes), human_bytes(limit));
  auto line = passed("memory", figure,
                     memory.limit_bytes > 0 ? "under the control group's limit" : "no limit below the machine's memory");
  line.values = {{"available_bytes", static_cast<double>(memory.available_bytes)},
                 {"limit_bytes", static_cast<double>(limit)}};
  auto const refuse = [&line, need_bytes](std::string_view problem) {
    line.verdict = Verdict::fail;
    line.reason = fmt::format("{} {} (a small job takes that much); raise the limit or end other programs", problem,
                              human_bytes(need_bytes));
  };
  if (memory.available_bytes < need_bytes) {
    refuse("there is less than");
    return line;
  }
  try {
    auto const taken = std::make_unique<char[]>(need_bytes);  // zeroed, so every page is touched
    if (taken[need_bytes / 2] != 0) refuse("wrong contents in");
  } catch (std::bad_alloc const&) {
    refuse("the system refuses");
  }
  return line;
}

}  // namespace muster::cli::selftest
