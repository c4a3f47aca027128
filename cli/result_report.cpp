#include "cli/result_report.hpp"

#include <fmt/core.h>

#include "cli/tables_json.hpp"
#include "core/text.hpp"

namespace muster::cli {
namespace {

/// Work units a second of what this run itself computed.
double units_per_second(orchestrator::RunOutcome const& outcome) {
  return outcome.seconds > 0 ? outcome.units / outcome.seconds : 0;
}

}  // namespace

std::string result_text(LoadedJob const& loaded, io::Result const& result, std::filesystem::path const& output) {
  auto text = loaded.job->summary(result.tables);
  if (!text.ends_with('\n')) text += '\n';
  text += fmt::format("\ntiles    {}, {}\n", human_count(result.tiles), result.stop_rule);
  text += fmt::format("ranks    {}; {} on {}\n", result.ranks, result.ranks == 1 ? "rank 0 computed" : "they computed",
                      result.devices);
  text += fmt::format("result   {}\ndigest   {}\n", output.string(), result.result_digest);
  return text;
}

Value result_json(LoadedJob const& loaded, io::Result const& result, std::filesystem::path const& output) {
  return Value::object({{"verdict", word_for(result.verdict)},
                        {"output", output.string()},
                        {"result_digest", result.result_digest},
                        {"job", job_json(loaded)},
                        {"tiles", result.tiles},
                        {"stop_rule", result.stop_rule},
                        {"arithmetic_version", result.arithmetic_version},
                        {"ranks", result.ranks},
                        {"devices", result.devices},
                        {"started_utc", result.started_utc},
                        {"ended_utc", result.ended_utc},
                        {"tables", to_json(result.tables)}});
}

std::string speed_text(jobs::Job const& job, orchestrator::RunOutcome const& outcome) {
  auto const rate = units_per_second(outcome);
  if (rate <= 0) return human_duration(outcome.seconds);
  return fmt::format("{}, {}", human_duration(outcome.seconds), human_rate(rate, job.work_unit().name));
}

namespace {

Value known_bytes(std::uint64_t bytes) { return bytes > 0 ? Value(bytes) : Value(); }

Value devices_json(std::vector<worker::DeviceUse> const& devices) {
  Value::Array all;
  for (auto const& use : devices)
    all.push_back(Value::object({{"device", use.device},
                                 {"pool_limit_bytes", known_bytes(use.limit_bytes)},
                                 {"pool_high_water_bytes", use.pool_high_bytes},
                                 {"context_bytes", known_bytes(use.context_bytes)},
                                 {"smaller_batches", use.smaller_batches},
                                 {"recomputations", use.recomputations},
                                 {"moves_to_cpu", use.moves_to_cpu}}));
  return all;
}

std::string memory_line(orchestrator::RankShare const& share, worker::DeviceUse const& use) {
  auto line = fmt::format("memory   {} of rank {} held {}", use.device, share.rank, human_bytes(use.pool_high_bytes));
  if (use.limit_bytes > 0) line += fmt::format(" of {}", human_bytes(use.limit_bytes));
  if (use.context_bytes > 0) line += fmt::format(", its driver {}", human_bytes(use.context_bytes));
  if (use.moves_to_cpu > 0)
    line += "; too little for the job, so the CPU computed";
  else if (use.smaller_batches + use.recomputations > 0)
    line += "; with more of it the job would be faster";
  return line + "\n";
}

}  // namespace

std::string memory_text(orchestrator::RunOutcome const& outcome) {
  std::string text;
  for (auto const& share : outcome.ranks)
    for (auto const& use : share.devices) text += memory_line(share, use);
  return text;
}

Value speed_json(jobs::Job const& job, orchestrator::RunOutcome const& outcome) {
  auto ranks = Value::Array{};
  for (auto const& share : outcome.ranks)
    ranks.push_back(Value::object({{"rank", share.rank},
                                   {"host", share.host},
                                   {"tiles", share.tiles},
                                   {"consumers", share.consumers},
                                   {"busy_seconds", share.busy_seconds},
                                   {"devices", devices_json(share.devices)}}));
  auto counters = Value(Value::Object{});
  for (auto const& [name, count] : outcome.counters) counters.set(name, count);
  return Value::object({{"seconds", outcome.seconds},
                        {"units_per_second", units_per_second(outcome)},
                        {"unit", job.work_unit().name},
                        {"ranks", std::move(ranks)},
                        {"counters", std::move(counters)}});
}

std::string stop_rule_text(jobs::Job const& job, std::uint64_t tiles) {
  auto const stages = job.stages();
  if (stages.size() < 2) return "as many as the job says";
  if (job.steps() != nullptr) return fmt::format("{} stages one after the other", human_count(stages.size()));
  if (tiles < stages.back())
    return fmt::format("the stop rule was met, of at most {}; it is sequential, judged only at fixed counts",
                       human_count(stages.back()));
  return "the largest count the job allows; the stop rule is sequential, judged only at fixed counts";
}

}  // namespace muster::cli
