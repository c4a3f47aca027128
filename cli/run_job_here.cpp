#include "cli/run_job_here.hpp"

#include <fmt/core.h>

#include "cli/build_info.hpp"
#include "cli/crew.hpp"
#include "cli/signals.hpp"
#include "core/log.hpp"

namespace muster::cli {
namespace {

std::unique_ptr<orchestrator::ProgressSink> progress_for(Chatter chatter) {
  if (chatter == Chatter::quiet) return std::make_unique<orchestrator::SilentProgress>();
  return orchestrator::make_terminal_progress(stderr);
}

std::shared_ptr<jobs::Job const> make_job(jobs::ResolvedJob const& resolved) {
  return jobs::find_kind(resolved.kind).make(resolved);
}

}  // namespace

orchestrator::RunOutcome run_job_here(comm::Transport* transport, LoadedJob const& loaded, Machine const& machine,
                                      RunSettings const& settings, orchestrator::Persistence& persistence) {
  orchestrator::DriverOptions options;
  options.build = worker_build();
  options.resolved = loaded.resolved;
  options.consumption = machine.consumption;
  options.other_consumptions = machine.other_consumptions;
  options.commit_interval_s = settings.commit_interval_s;
  options.early_news = settings.early_news;
  options.rendezvous = settings.rendezvous;
  options.stop_requested = &stop_requested();
  auto const progress = progress_for(settings.chatter);
  if (transport != nullptr) options.leases.quiet_after_ticks = orchestrator::quiet_ticks_of(worker::heartbeat_of(transport->size()));
  if (transport != nullptr) return orchestrator::run_job(*transport, *loaded.job, options, persistence, *progress);
  return orchestrator::run_ranks_in_process(settings.in_process_ranks, *loaded.job, options, persistence, *progress);
}

WorkedFor work_for_rank_0(comm::Transport& transport, MachineArguments const& arguments) {
  log::set_origin(fmt::format("rank {} {}", transport.rank(), transport.host()));
  try {
    auto const assignment = report_for_duty(transport, arguments);
    if (assignment.part == worker::Part::leave) return {0, assignment.is_root_lost};
    worker::WorkerOptions options;
    options.build = worker_build();
    options.make_job = make_job;
    options.consumption = assignment.consumption;
    options.rendezvous = comm::nccl_rendezvous();
    options.early_news = assignment.news;
    options.end_signs = &end_signs();
    options.heartbeat = worker::heartbeat_of(transport.size());
    bind_this_thread(options.consumption);
    auto const outcome = worker::run_worker(transport, options);
    log::info("computed {} tiles in {} leases", outcome.tiles, outcome.leases);
    return {0, outcome.is_root_lost};
  } catch (Error const& error) {
    return {report(Form::table, Error(error.code(), fmt::format("rank {} on {}: {}", transport.rank(),
                                                               transport.host(), error.what()), error.retry())), false};
  }
}

}  // namespace muster::cli
