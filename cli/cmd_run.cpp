#include <fmt/core.h>

#include <chrono>
#include <cstdio>

#include "cli/build_info.hpp"
#include "cli/commands.hpp"
#include "cli/crew.hpp"
#include "cli/csv.hpp"
#include "cli/expected.hpp"
#include "cli/job_file.hpp"
#include "cli/machine.hpp"
#include "cli/result_report.hpp"
#include "cli/run_job_here.hpp"
#include "cli/run_output.hpp"
#include "cli/supervisor.hpp"
#include "core/log.hpp"
#include "topology/facts_io.hpp"
#include "topology/plan_mode.hpp"

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

Prepared prepare(RunOptions const& options, Crew const& crew) {
  check_options(options);
  Prepared prepared;
  auto const start = Clock::now();
  prepared.loaded = load_planned_job(options.job, options.machine, [&](topology::Demand const& demand) {
    prepared.machine = crew.plan(demand);
    return prepared.machine->plan;
  });
  double const load_s = since(start);
  prepared.output = output_path(options.output, prepared.loaded.resolved.name);
  prepared.finished = finished_result(prepared.output, prepared.loaded.hash, options.start);
  if (prepared.finished) return prepared;
  prepared.expectation = expect(prepared.machine->plan, prepared.loaded,
                                tile_times_here(*prepared.machine, prepared.loaded, Timing::remembered), load_s);
  prepared.opened = open_state(prepared.output, prepared.loaded, options.start);
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

/// Runs and leaves the verdict in the durable state, whatever it is.
orchestrator::RunOutcome compute(RunOptions const& options, Prepared& prepared, comm::Transport* transport) {
  auto& state = prepared.opened->state;
  auto const start = prepared.opened->is_resumed ? orchestrator::FilePersistence::Start::resumed
                                                 : orchestrator::FilePersistence::Start::fresh;
  orchestrator::FilePersistence persistence(state, start);
  try {
    auto outcome = run_job_here(transport, prepared.loaded, *prepared.machine,
                                {options.machine.ranks, options.commit_interval_s, options.chatter, prepared.early_news},
                                persistence);
    if (outcome.verdict != Exit::done) state.finish(outcome.verdict, "stopped on request");
    return outcome;
  } catch (Error const& error) {
    state.finish(error.code(), error.what());
    throw;
  }
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
  result.execution_json = speed_json(*loaded.job, outcome).dump();
  result.ranks = static_cast<std::uint64_t>(ranks);
  result.started_utc = state.saved().identity.started_utc;
  result.ended_utc = now_utc();
  result.stop_rule = stop_rule_text(*loaded.job, outcome.tiles);
  result.tables = loaded.job->results(outcome.sums, outcome.tiles);
  result.sums = outcome.sums;
  result.tiles = outcome.tiles;
  Value plan;
  add_plan(prepared, plan);
  plan.set("measured", Value::object({{"seconds", since(start)}, {"compute_seconds", outcome.seconds}}));
  result.plan_json = plan.dump();
  result.result_digest = io::write_result(
      prepared.output, result,
      [&state](std::uint64_t first, std::span<TileDigest> out) { state.read_digests(first, out); });
  state.finish(Exit::done);
  state.discard();
  return result;
}

void export_csv(RunOptions const& options, io::Result const& result, std::string& text, Value& json) {
  if (options.csv.empty()) return;
  Value::Array files;
  for (auto const& file : write_csv(result.tables, options.csv)) {
    text += fmt::format("csv      {}\n", file.string());
    files.emplace_back(file.string());
  }
  json.set("csv", std::move(files));
}

int tell_finished(RunOptions const& options, Prepared const& prepared, Form form) {
  auto const& result = *prepared.finished;
  discard_leftovers(prepared.output, prepared.loaded.hash);
  auto text = result_text(prepared.loaded, result, prepared.output);
  auto json = result_json(prepared.loaded, result, prepared.output);
  json.set("computed_now", false);
  export_csv(options, result, text, json);
  text += fmt::format("already done: computed {} by muster {}; --fresh computes it again\n", result.ended_utc,
                      result.muster_version);
  answer(form, text, json);
  return 0;
}

int tell_stopped(Prepared const& prepared, orchestrator::RunOutcome const& outcome, Form form) {
  if (form == Form::table)
    throw_error(Exit::stopped, "stopped in good order with {} tiles committed (asked to by a signal); run the same "
                               "command again to go on from there", outcome.tiles);
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
  auto const outcome = compute(options, prepared, transport);
  if (outcome.verdict != Exit::done) return tell_stopped(prepared, outcome, form);
  auto const result = store(prepared, outcome, ranks, start);
  auto text = result_text(prepared.loaded, result, prepared.output);
  auto json = result_json(prepared.loaded, result, prepared.output);
  json.set("computed_now", true);
  json.set("run", speed_json(*prepared.loaded.job, outcome));
  add_plan(prepared, json);
  json.set("measured", Value::object({{"seconds", since(start)}, {"compute_seconds", outcome.seconds}}));
  text += memory_text(outcome) + fmt::format("time     {}\n", speed_text(*prepared.loaded.job, outcome));
  export_csv(options, result, text, json);
  answer(form, text, json);
  return 0;
}

int run_supervised(RunOptions const& options, Form form) {
  auto const ended = supervise(options);
  std::fputs(ended.said.c_str(), stdout);
  if (ended.code != 0 || !ended.said.empty()) return ended.code;
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
  auto const transport = comm::make_mpi();
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
