#include <fmt/core.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/job_file.hpp"
#include "cli/machine.hpp"
#include "cli/result_report.hpp"
#include "cli/run_job_here.hpp"
#include "cli/stored_result.hpp"
#include "core/text.hpp"

namespace muster::cli {
namespace {

/// Compares every committed digest with the file's instead of keeping it.
class ComparingPersistence : public orchestrator::MemoryPersistence {
 public:
  explicit ComparingPersistence(io::ResultFile const& file) : file_(file) {}
  void record_digests(TileRange range, std::span<TileDigest const> digests, std::uint32_t) override {
    std::vector<TileDigest> stored(digests.size());
    auto const known = range.first >= file_.result().tiles
                           ? 0
                           : std::min<std::uint64_t>(range.count, file_.result().tiles - range.first);
    file_.read_digests(range.first, std::span(stored).first(known));
    for (std::size_t i = 0; i < digests.size(); ++i) {
      if (i < known && digests[i] == stored[i]) continue;
      ++different_;
      first_ = std::min(first_, range.first + i);
    }
  }
  std::uint64_t different() const { return different_; }
  std::uint64_t first() const { return first_; }

 private:
  io::ResultFile const& file_;
  std::uint64_t different_ = 0;
  std::uint64_t first_ = UINT64_MAX;
};

/// What differs, one clause each; empty when the answer is the same.
std::vector<std::string> differences(io::Result const& stored, LoadedJob const& loaded,
                                     orchestrator::RunOutcome const& outcome, ComparingPersistence const& digests) {
  std::vector<std::string> found;
  if (outcome.tiles != stored.tiles)
    found.push_back(fmt::format("the run ended at {} tiles, in the file at {}", outcome.tiles, stored.tiles));
  if (digests.different() > 0)
    found.push_back(fmt::format("{} tiles differ, the first is tile {}", digests.different(), digests.first()));
  if (outcome.sums != stored.sums) found.emplace_back("the sums differ");
  if (auto const datum = first_difference(stored.tables, loaded.job->results(outcome.sums, outcome.tiles)))
    found.push_back("the tables differ: " + *datum);
  return found;
}

}  // namespace

int cmd_replay(ReplayOptions const& options, Form form) {
  io::ResultFile const file(options.result);
  auto const& stored = file.result();
  auto const loaded = load_stored_job(stored, options.result);
  auto const machine = prepare_machine_for(stored, options.result, options.machine);
  ComparingPersistence persistence(file);
  auto const outcome = run_job_here(nullptr, loaded, machine, {options.machine.ranks, 3600, options.chatter}, persistence);
  if (outcome.verdict == Exit::stopped)
    throw_error(Exit::stopped, "stopped on request before the end (nothing was compared in full); run it again");
  auto const found = differences(stored, loaded, outcome, persistence);
  std::string text = fmt::format("{} run again from the file alone: {} tiles on {}\n", stored.name,
                                 human_count(outcome.tiles), machine.devices);
  text += found.empty() ? fmt::format("every bit is the same\ndigest   {}\n", stored.result_digest) : "";
  Value::Array clauses;
  for (auto const& clause : found) {
    text += clause + "\n";
    clauses.emplace_back(clause);
  }
  text += fmt::format("time     {}\n", speed_text(*loaded.job, outcome));
  answer(form, text,
         Value::object({{"same", found.empty()},
                        {"differences", std::move(clauses)},
                        {"tiles", outcome.tiles},
                        {"result_digest", stored.result_digest},
                        {"devices", machine.devices},
                        {"run", speed_json(*loaded.job, outcome)}}));
  if (found.empty()) return 0;
  if (form == Form::table)
    throw_error(Exit::job_failed, "{} is not what this machine computes (one of the two has a fault: the bits are "
                "promised to be the same); replay on another machine to tell which", options.result.string());
  return static_cast<int>(Exit::job_failed);
}

}  // namespace muster::cli
