#include <fmt/core.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/build_info.hpp"
#include "cli/commands.hpp"
#include "cli/crew.hpp"
#include "cli/csv.hpp"
#include "cli/expected.hpp"
#include "cli/job_file.hpp"
#include "cli/launched.hpp"
#include "cli/looks.hpp"
#include "cli/machine.hpp"
#include "cli/result_report.hpp"
#include "cli/run_job_here.hpp"
#include "cli/run_output.hpp"
#include "cli/run_watch.hpp"
#include "cli/session_folder.hpp"
#include "cli/signals.hpp"
#include "cli/stop_wish.hpp"
#include "cli/supervisor.hpp"
#include "core/log.hpp"
#include "core/log_file.hpp"
#include "core/text.hpp"
#include "io/run_files.hpp"
#include "topology/facts_io.hpp"
#include "topology/plan_mode.hpp"
#include "topology/probe.hpp"

namespace muster::cli {
namespace {

/// All that has to be right before the first lease.
struct Prepared {
  LoadedJob loaded;
  std::filesystem::path output;
  std::optional<io::Result> finished;
  std::optional<Machine> machine;
  std::optional<OpenState> opened;
  std::vector<comm::RankNews> early_news;
  std::optional<Expectation> expectation;
};

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void check_options(RunOptions const& options) {
  MUSTER_REQUIRE(options.commit_interval_s >= 0.01 && options.commit_interval_s <= 86'400,
                 "--commit-interval {} (must be 0.01 to 86400 seconds); leave it out for 10", options.commit_interval_s);
}

/// What another machine resolved "auto" to is kept: a run goes on as it began, and a result stays the result.
void adopt_begun(JobArguments const& job, std::optional<io::SavedRun> const& saved, Prepared& prepared) {
  auto const begun = begun_hash(prepared.output, saved);
  if (!begun || *begun == prepared.loaded.hash) return;
  if (auto loaded = load_job_with_hash(job, *begun)) prepared.loaded = std::move(*loaded);
}

Prepared prepare(RunOptions const& options, Crew const& crew) {
  check_options(options);
  Prepared prepared;
  auto const start = Clock::now();
  prepared.loaded = load_planned_job(options.job, options.machine, [&](topology::Demand const& demand) {
    prepared.machine = crew.plan(demand);
    return prepared.machine->plan;
  });
  check_journal(*prepared.loaded.job);
  double const load_s = since(start);
  prepared.output = output_path(options.output, prepared.loaded.resolved.name);
  auto saved = io::read_saved_run(prepared.output);
  if (options.start == Start::resume) adopt_begun(options.job, saved, prepared);
  prepared.finished = finished_result(prepared.output, prepared.loaded.hash, options.start, saved);
  if (prepared.finished) return prepared;
  prepared.expectation = expect(prepared.machine->plan, prepared.loaded,
                                tile_times_here(*prepared.machine, prepared.loaded, Timing::remembered), load_s);
  prepared.opened = open_state(prepared.output, prepared.loaded, device_kind(prepared.machine->plan), options.start, std::move(saved));
  return prepared;
}

/// Prepares, and tells the other ranks what to compute with, or to leave.
Prepared prepare_for_all(RunOptions const& options, Crew& crew) {
  try {
    auto prepared = prepare(options, crew);
    if (prepared.finished)
      crew.dismiss(Exit::done, "the result is there already");
    else
      crew.assign(*prepared.machine);
    prepared.early_news = crew.news();
    return prepared;
  } catch (Error const& error) {
    crew.dismiss(error.code(), error.what());
    throw;
  }
}

void announce(RunOptions const& options, Prepared const& prepared, int ranks) {
  if (options.chatter == Chatter::quiet) return;
  std::fprintf(stderr, "%s; %d rank%s on %s\n", describe(prepared.loaded).c_str(), ranks, ranks == 1 ? "" : "s",
               prepared.machine->all_devices.c_str());
  std::fputs(describe_auto(prepared.loaded.settings, "").c_str(), stderr);
  if (prepared.opened->is_resumed)
    std::fprintf(stderr, "going on from the state saved %s\n", prepared.opened->state.saved().saved_utc.c_str());
}

/// The verdict of a run that ended with an error; where the disk does not take it, the run counts as interrupted.
void leave_verdict(io::RunState& state, Error const& error) {
  // Not as an error: the terminal is told once, at the end of all.
  log::info("ended with verdict {}: {}", static_cast<int>(error.code()), error.what());
  try {
    state.finish(error.code(), error.what());
  } catch (Error const& second) {
    log::info("the verdict could not be saved: {}", second.what());
  }
}

/// What `action` throws becomes the run's verdict in its durable state.
template <class Action>
auto with_verdict(io::RunState& state, Action action) {
  try {
    return action();
  } catch (Error const& error) {
    leave_verdict(state, error);
    throw;
  } catch (std::exception const& fault) {
    leave_verdict(state, Error(Exit::bug, fault.what()));
    throw;
  }
}

/// Null: sums go through rank 0.
comm::Rendezvous* rendezvous_for(RunOptions const& options, topology::Plan const& plan) {
  bool const is_wanted = options.sums == Sums::nccl || (options.sums == Sums::automatic && plan.joined_ranks > 1);
  return is_wanted ? comm::nccl_rendezvous() : nullptr;
}

orchestrator::RunOutcome compute(RunOptions const& options, Prepared& prepared, comm::Transport* transport) {
  auto& state = prepared.opened->state;
  auto const start = prepared.opened->is_resumed ? orchestrator::FilePersistence::Start::resumed
                                                 : orchestrator::FilePersistence::Start::fresh;
  orchestrator::FilePersistence persistence(state, start);
  return run_job_here(transport, prepared.loaded, *prepared.machine,
                      {options.machine.ranks, options.commit_interval_s, options.chatter, prepared.early_news, rendezvous_for(options, prepared.machine->plan)}, persistence);
}

/// What was planned, as plan tells it, and what came of it.
void add_plan(Prepared const& prepared, Value& json) {
  json.set("plan", cli::to_json(prepared.machine->plan));
  json.set("settings", settings_json(prepared.loaded.settings));
  json.set("expected", cli::to_json(*prepared.expectation));
}

io::Result store(Prepared& prepared, orchestrator::RunOutcome const& outcome, int ranks, Clock::time_point start) {
  auto const& loaded = prepared.loaded;
  auto& state = prepared.opened->state;
  io::Result result;
  result.kind = loaded.resolved.kind;
  result.name = loaded.resolved.name;
  result.resolved_text = loaded.resolved.text;
  result.job_hash = loaded.hash;
  result.seed = loaded.resolved.seed;
  auto const build = worker_build();
  result.arithmetic_version = build.arithmetic_version;
  result.muster_version = build.muster_version;
  result.git_sha = git_sha();
  result.topology_json = topology::to_json(topology::with_alike_counted(prepared.machine->cluster));
  result.devices = prepared.machine->all_devices;
  result.device_kind = state.saved().identity.device_kind;
  result.execution_json = speed_json(*loaded.job, outcome).dump();
  result.ranks = static_cast<std::uint64_t>(ranks);
  result.started_utc = state.saved().identity.started_utc;
  result.ended_utc = now_utc();
  result.stop_rule = stop_rule_text(*loaded.job, outcome.tiles);
  result.tables = loaded.job->results(outcome.sums, outcome.tiles);
  count_look(*loaded.job, result);
  result.sums = outcome.sums;
  result.waypoints = outcome.waypoints;
  result.tiles = outcome.tiles;
  Value plan;
  add_plan(prepared, plan);
  plan.set("measured", Value::object({{"seconds", since(start)}, {"compute_seconds", outcome.seconds}}));
  result.plan_json = plan.dump();
  result.result_digest = io::write_result(
      prepared.output, result,
      [&state](std::uint64_t first, std::span<TileDigest> out) { state.read_digests(first, out); },
      [&state] { state.require_still_ours(); });
  state.finish(Exit::done);
  state.discard();
  return result;
}

int tell_finished(RunOptions const& options, Prepared const& prepared, Form form) {
  auto const& result = *prepared.finished;
  discard_leftovers(prepared.output, prepared.loaded.hash);
  auto text = result_text(prepared.loaded, result, prepared.output);
  auto json = result_json(prepared.loaded, result, prepared.output);
  json.set("computed_now", false);
  export_csv(result.tables, options.csv, text, json);
  text += fmt::format("already done: computed {} by muster {}; --fresh computes it again\n", result.ended_utc,
                      result.muster_version);
  answer(form, text, json);
  return 0;
}

/// From now on the run's log tells what happens, too.
void open_log(Prepared const& prepared, std::string const& host, int ranks) {
  auto const path = io::log_path(prepared.output);
  if (!log::also_to_file(path, "rank 0 " + host)) {
    log::warn("{} cannot be written: {}; the run goes on without a log", path.string(), std::strerror(errno));
    return;
  }
  log::info("start {} of {} by process {}, muster {}: {} rank{}, rank 0 on {}", prepared.opened->state.epoch(),
            describe(prepared.loaded), ::getpid(), version(), ranks, ranks == 1 ? "" : "s", prepared.machine->devices);
  if (prepared.opened->is_resumed)
    log::info("going on from the state saved {}", prepared.opened->state.saved().saved_utc);
}

void log_end(orchestrator::RunOutcome const& outcome) {
  for (auto const& rank : outcome.ranks)
    log::info("rank {} on {} computed {} tiles in {}", rank.rank, rank.host, rank.tiles, human_duration(rank.busy_seconds));
}

int tell_stopped(Prepared const& prepared, orchestrator::RunOutcome const& outcome, std::string const& asked_by,
                 Form form) {
  if (form == Form::table)
    throw_error(Exit::stopped, "stopped in good order with {} tiles committed (asked to by {}); run the same "
                               "command again to go on from there", outcome.tiles, asked_by);
  auto json = Value::object({{"verdict", word_for(Exit::stopped)}, {"output", prepared.output.string()}});
  json.set("tiles", outcome.tiles);
  json.set("run", speed_json(*prepared.loaded.job, outcome));
  answer(form, "", json);
  return static_cast<int>(Exit::stopped);
}

/// As rank 0, or alone.
int lead(RunOptions const& options, Form form, comm::Transport* transport) {
  auto const start = Clock::now();
  Crew crew(transport, options.machine);
  auto prepared = prepare_for_all(options, crew);
  if (prepared.finished) return tell_finished(options, prepared, form);
  if (transport != nullptr) bind_this_thread(prepared.machine->consumption);
  int const ranks = transport ? transport->size() : options.machine.ranks;
  announce(options, prepared, ranks);
  auto& state = prepared.opened->state;
  open_log(prepared, state.lock().owner().who.host, ranks);
  RunWatch const watch(state, prepared.output);
  auto const outcome = with_verdict(state, [&] { return compute(options, prepared, transport); });
  log_end(outcome);
  if (outcome.verdict != Exit::done) {
    log::info("stopped with {} tiles committed, asked to by {}; verdict 75", outcome.tiles, watch.asked_by());
    state.finish(outcome.verdict, stop_message(watch.asked_by()));
    return tell_stopped(prepared, outcome, watch.asked_by(), form);
  }
  auto const result = with_verdict(state, [&] { return store(prepared, outcome, ranks, start); });
  log::info("done, {} tiles, digest {}; verdict 0", result.tiles, result.result_digest);
  auto text = result_text(prepared.loaded, result, prepared.output);
  auto json = result_json(prepared.loaded, result, prepared.output);
  json.set("computed_now", true);
  json.set("run", speed_json(*prepared.loaded.job, outcome));
  add_plan(prepared, json);
  json.set("measured", Value::object({{"seconds", since(start)}, {"compute_seconds", outcome.seconds}}));
  text += memory_text(outcome) + fmt::format("time     {}\n", speed_text(*prepared.loaded.job, outcome));
  export_csv(result.tables, options.csv, text, json);
  answer(form, text, json);
  return 0;
}

/// Words of a rank that may have been killed on the way.
bool is_whole(std::string const& said, Form form) { return form == Form::json ? is_json(said) : !said.empty(); }

int run_supervised(RunOptions const& options, Form form) {
  auto const ended = supervise(options);
  bool const is_told = is_whole(ended.said, form);
  if (is_told) std::fputs(ended.said.c_str(), stdout);
  if (ended.code != 0 || is_told) return ended.code;
  // The result is there and nobody has told it.
  auto again = options;
  again.launcher = Launcher::none;
  again.start = Start::resume;
  return cmd_run(again, form);
}

}  // namespace

int cmd_run(RunOptions const& options, Form form) {
  if (options.launcher != Launcher::none) return run_supervised(options, form);
  if (!comm::is_mpi_launched()) return lead(options, form, nullptr);
  if (char const* const mark = std::getenv(Launched::mark_name)) remove_earlier_sessions(mark);
  bool const is_worker = topology::launch_from_environment().rank != 0;
  if (is_worker) expect_end_while_starting();
  auto const transport = comm::make_mpi();
  if (is_worker) count_end_signs();
  auto mine = options;
  while (transport->rank() != 0) {
    auto const ended = work_for_rank_0(*transport, mine.machine);
    if (!ended.is_root_lost || !transport->rebuild()) return ended.code;
    log::info("rank 0 has died; the others go on, this is rank {} of {}", transport->rank(), transport->size());
    mine.start = Start::resume;
  }
  return lead(mine, form, transport.get());
}

}  // namespace muster::cli
