#include "cli/run_standing.hpp"

#include <fmt/core.h>

#include "cli/output.hpp"
#include "cli/run_log.hpp"
#include "core/text.hpp"
#include "io/result_file.hpp"
#include "io/stop_request.hpp"

namespace muster::cli {
namespace {

using Is = io::Standing::Is;

/// A lock whose time is older than this is worth a word.
constexpr double long_silence_s = 10;
constexpr std::size_t warnings_shown = 5;

StandingReport finished(std::filesystem::path const& output) {
  auto const result = io::read_result(output);
  auto const word = word_for(result.verdict);
  StandingReport report;
  report.text = fmt::format("{}  {} ({})\ntiles    {}, {}\ncomputed {} to {} by muster {} on {}\ndigest   {}\n", word,
                            result.name, result.kind, human_count(result.tiles), result.stop_rule, result.started_utc,
                            result.ended_utc, result.muster_version, result.devices, result.result_digest);
  report.json = Value::object({{"state", word},
                               {"name", result.name},
                               {"kind", result.kind},
                               {"tiles", result.tiles},
                               {"started_utc", result.started_utc},
                               {"ended_utc", result.ended_utc},
                               {"muster_version", result.muster_version},
                               {"result_digest", result.result_digest}});
  return report;
}

StandingReport begun(io::Standing const& standing) {
  return {fmt::format("{}  nothing saved yet\n", word_for(standing)), Value::object({{"state", word_for(standing)}})};
}

StandingReport unfinished(io::Standing const& standing) {
  auto const& saved = *standing.saved;
  auto const word = word_for(standing);
  auto const tiles = committed_tiles(saved.progress);
  StandingReport report;
  report.text = fmt::format("{}  {} ({})\ntiles    {} of {} committed, saved {}\n", word, saved.identity.name,
                            saved.identity.kind, human_count(tiles), human_count(saved.progress.tiles_planned),
                            saved.saved_utc);
  if (standing.is != Is::running) {
    if (!saved.message.empty()) report.text += fmt::format("reason   {}\n", saved.message);
    report.text += "the same muster run goes on from there\n";
  }
  report.json = Value::object({{"state", word},
                               {"name", saved.identity.name},
                               {"kind", saved.identity.kind},
                               {"tiles_committed", tiles},
                               {"tiles_planned", saved.progress.tiles_planned},
                               {"started_utc", saved.identity.started_utc},
                               {"saved_utc", saved.saved_utc},
                               {"message", saved.message}});
  return report;
}

std::string slurm_hint(io::OwnerRecord const& owner, std::string_view tool) {
  return owner.slurm_job.empty() ? "" : fmt::format("; it is Slurm job {}: {} -j {}", owner.slurm_job, tool, owner.slurm_job);
}

std::string why_running(io::Standing const& standing, std::filesystem::path const& output) {
  auto const& owner = standing.lock->owner;
  auto text = fmt::format("process {} on {} works on it since {}", owner.who.pid, owner.who.host, owner.who.since_utc);
  if (standing.lock->silent_s > long_silence_s)
    text += fmt::format(", but has given no sign of life for {} (it or its file system may be stuck)",
                        human_duration(standing.lock->silent_s));
  if (auto const stop = io::read_stop(output); stop && io::is_for(*stop, owner))
    text += fmt::format("; it was asked to stop {} from {}", stop->from.since_utc, stop->from.host);
  return text + slurm_hint(owner, "squeue");
}

std::string why_interrupted(io::Standing const& standing) {
  if (!standing.lock)
    return "no verdict and no lock: its files were moved, its lock was deleted, or the disk took no verdict";
  auto const& owner = standing.lock->owner;
  if (owner.who.host.empty()) return "no verdict, and its lock is not readable";
  return fmt::format("process {} on {} is gone without a verdict: it was killed, memory ran out, or its machine was lost{}",
                     owner.who.pid, owner.who.host, slurm_hint(owner, "sacct"));
}

std::string why_over(io::Standing const& standing) {
  if (standing.verdict == Exit::done) return "it came to its end";
  return standing.saved && !standing.saved->message.empty() ? standing.saved->message : "no reason was written";
}

std::string reason(io::Standing const& standing, std::filesystem::path const& output) {
  switch (standing.is) {
    case Is::running: return why_running(standing, output);
    case Is::interrupted: return why_interrupted(standing);
    case Is::over: return why_over(standing);
    case Is::nothing: break;
  }
  return "";
}

void add_why(StandingReport& report, io::Standing const& standing, std::filesystem::path const& output) {
  auto const why = reason(standing, output);
  report.text += fmt::format("why      {}\n", why);
  report.json.set("why", why);
  Value::Array warnings;
  for (auto const& line : last_warnings(output, warnings_shown)) {
    report.text += fmt::format("log      {}\n", line);
    warnings.emplace_back(line);
  }
  report.json.set("warnings", std::move(warnings));
}

}  // namespace

std::string_view word_for(io::Standing const& standing) {
  if (standing.is == Is::over) return word_for(*standing.verdict);
  return standing.is == Is::running ? "running" : "interrupted";
}

std::string progress_text(io::Standing const& standing) {
  if (!standing.saved) return "";
  auto const& progress = standing.saved->progress;
  return fmt::format("{} of {} tiles", human_count(committed_tiles(progress)), human_count(progress.tiles_planned));
}

StandingReport describe(io::Standing const& standing, std::filesystem::path const& output, Detail detail) {
  auto report = standing.saved     ? unfinished(standing)
                : standing.verdict ? finished(output)
                                   : begun(standing);
  if (standing.is == Is::running) {
    auto const& owner = standing.lock->owner.who;
    report.text += fmt::format("by       process {} on {} since {}\n", owner.pid, owner.host, owner.since_utc);
    report.json.set("host", owner.host);
    report.json.set("pid", owner.pid);
  }
  if (detail == Detail::why) add_why(report, standing, output);
  report.json.set("exit_code", io::exit_code(standing));
  return report;
}

void require_run(io::Standing const& standing, std::filesystem::path const& output) {
  MUSTER_REQUIRE(standing.is != Is::nothing,
                 "{}: no result and no run state there (nothing was run with this output, or its files were moved); "
                 "check the path, or start it with muster run", output.string());
}

}  // namespace muster::cli
