#include "cli/selftest/installation.hpp"

#include <fmt/core.h>

#include "cli/build_info.hpp"
#include "cli/machine.hpp"
#include "cli/selftest/gpu_checks.hpp"
#include "cli/selftest/machine_checks.hpp"
#include "cli/selftest/ranks.hpp"
#include "cli/selftest/storage.hpp"
#include "core/error.hpp"
#include "core/log.hpp"

namespace muster::cli::selftest {
namespace {

constexpr std::uint64_t bytes_a_thread = std::uint64_t{64} << 20;
constexpr std::chrono::seconds rank_patience{120};
/// Longer than rank 0 needs for all others.
constexpr std::chrono::seconds rank_0_patience{600};

/// What this process checks without any other.
struct Here {
  Machine machine;
  RankReport report;
};

int threads_here(Machine const& machine) {
  return topology::threads_per_rank(machine.facts.cpu, machine.facts.launch.local_ranks);
}

Here check_here(comm::Transport const* transport) {
  Here here;
  here.machine = prepare_local_rank();
  if (here.machine.facts.launch.is_launched) bind_this_thread(here.machine.consumption);
  auto const& facts = here.machine.facts;
  auto& report = here.report;
  report.host = facts.host;
  report.build = software(transport);
  for (auto const& device : here.machine.consumption.accelerators) report.gpus.push_back(device.ordinal);
  int const threads = threads_here(here.machine);
  auto const add = [&report](Lines const& lines) { report.lines.insert(report.lines.end(), lines.begin(), lines.end()); };
  add({check_instruction_set(facts.cpu)});
  add({guarded("known answers", [] { return judge_known_answers(kernels::known_answers()); })});
  add({guarded("threads", [threads] { return judge_threads(measure_threads(threads)); })});
  add({check_memory(facts.memory, bytes_a_thread * static_cast<std::uint64_t>(threads))});
  add(check_cpu_jobs(price_jobs(), threads));
  add(check_gpus(facts, report.gpus, price_jobs()));
  add({check_peers(facts, report.gpus)});
  return here;
}

Lines check_other_ranks(Ranks& ranks, Here const& here, std::filesystem::path const& folder) {
  auto lines = ranks.collect();
  auto const add = [&lines](Lines const& more) { lines.insert(lines.end(), more.begin(), more.end()); };
  add({judge_builds(ranks.reports())});
  add(ranks.check_links());
  add({guarded("shared folder", [&] { return ranks.check_folder(folder); })});
  add(lines_of_others(ranks.reports()));
  auto const name = std::string("NCCL all-reduce");
  if (ranks.gpus() < 2)
    add({not_applicable(name, "fewer than two GPUs")});
  else if (!comm::has_nccl())
    add({not_applicable(name, "this build has no NCCL")});
  else
    add({guarded(name, [&] {
      // The links of other machines are not known here.
      auto const rate = ranks.hosts() == 1 ? least_link_rate(here.machine.facts, here.report.gpus) : 0;
      return ranks.check_gpu_sums(sum_on_gpus, rate);
    })});
  ranks.stop();
  return lines;
}

Line mpi_line(comm::Transport const* transport) {
  if (transport == nullptr) return not_applicable("MPI", "no launcher started this; mpirun -n 4 muster selftest checks it");
  return passed("MPI", fmt::format("{} rank{}", transport->size(), transport->size() == 1 ? "" : "s"), transport->describe());
}

}  // namespace

void help_rank_0(comm::Transport& transport) {
  log::set_origin(fmt::format("rank {} {}", transport.rank(), transport.host()));
  RankReport report;
  try {
    report = check_here(&transport).report;
  } catch (Error const& error) {
    report.host = transport.host();
    report.build = software(&transport);
    report.lines = {failed("machine", "", error.what())};
  }
  serve(transport, report, system_clocks(), sum_on_gpus, rank_0_patience);
}

Report check_installation(std::filesystem::path const& folder, Variables const& variables, comm::Transport* launched) {
  auto const alone = launched != nullptr ? std::vector<std::unique_ptr<comm::Transport>>{} : comm::make_in_process(1);
  auto& transport = launched != nullptr ? *launched : *alone.front();
  auto const here = check_here(launched);
  Ranks ranks(transport, here.report, system_clocks(), rank_patience);
  Report report;
  report.lines = here.report.lines;
  auto const add = [&report](Lines const& more) { report.lines.insert(report.lines.end(), more.begin(), more.end()); };
  add(check_storage(folder));
  add({mpi_line(launched)});
  add(check_other_ranks(ranks, here, folder));
  report.ranks = transport.size();
  report.hosts = ranks.hosts();
  report.host = here.report.host;
  report.scope = scope_of(report.hosts, ranks.gpus());
  auto const& launch = here.machine.facts.launch;
  add({judge_slurm(variables, {report.ranks, report.hosts, threads_here(here.machine) * launch.local_ranks,
                               static_cast<int>(here.machine.facts.gpus.size())})});
  return report;
}

}  // namespace muster::cli::selftest
