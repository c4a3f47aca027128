#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "cli/commands.hpp"
#include "core/text.hpp"
#include "io/result_file.hpp"
#include "io/run_state.hpp"

namespace muster::cli {
namespace {

/// What is known of a run from its files alone.
struct Standing {
  std::string word;  ///< "done", "running", "stopped", "interrupted", "user", ...
  Exit code = Exit::done;
  std::string text;  ///< for people
  Value json;
};

/// A lock whose process is gone tells of a run that was killed. On another host it cannot be looked up.
bool may_be_alive(io::LockOwner const& owner) {
  std::array<char, 256> here{};
  if (gethostname(here.data(), here.size() - 1) != 0 || owner.host != here.data()) return true;
  return kill(static_cast<pid_t>(owner.pid), 0) == 0 || errno == EPERM;
}

std::uint64_t committed_tiles(io::RunProgress const& progress) {
  std::uint64_t tiles = 0;
  for (auto const& range : progress.committed) tiles += range.count;
  return tiles;
}

Standing finished(std::filesystem::path const& output) {
  auto const result = io::read_result(output);
  Standing standing;
  standing.word = word_for(result.verdict);
  standing.code = result.verdict;
  standing.text = fmt::format("{}  {} ({})\ntiles    {}, {}\ncomputed {} to {} by muster {} on {}\ndigest   {}\n",
                              standing.word, result.name, result.kind, human_count(result.tiles), result.stop_rule,
                              result.started_utc, result.ended_utc, result.muster_version, result.devices,
                              result.result_digest);
  standing.json = Value::object({{"state", standing.word},
                                 {"name", result.name},
                                 {"kind", result.kind},
                                 {"tiles", result.tiles},
                                 {"started_utc", result.started_utc},
                                 {"ended_utc", result.ended_utc},
                                 {"muster_version", result.muster_version},
                                 {"result_digest", result.result_digest}});
  return standing;
}

Standing unfinished(io::SavedRun const& saved, std::optional<io::LockOwner> const& owner) {
  bool const is_running = owner && may_be_alive(*owner);
  Standing standing;
  standing.code = saved.verdict.value_or(Exit::stopped);
  standing.word = is_running ? "running" : saved.verdict ? word_for(*saved.verdict) : "interrupted";
  auto const tiles = committed_tiles(saved.progress);
  auto const planned = saved.progress.tiles_planned;
  standing.text = fmt::format("{}  {} ({})\ntiles    {} of {} committed, saved {}\n", standing.word, saved.identity.name,
                              saved.identity.kind, human_count(tiles), human_count(planned), saved.saved_utc);
  if (is_running) {
    standing.code = Exit::stopped;
    standing.text += fmt::format("by       process {} on {} since {}\n", owner->pid, owner->host, owner->since_utc);
  } else {
    if (!saved.message.empty()) standing.text += fmt::format("reason   {}\n", saved.message);
    standing.text += "the same muster run goes on from there\n";
  }
  standing.json = Value::object({{"state", standing.word},
                                 {"name", saved.identity.name},
                                 {"kind", saved.identity.kind},
                                 {"tiles_committed", tiles},
                                 {"tiles_planned", planned},
                                 {"started_utc", saved.identity.started_utc},
                                 {"saved_utc", saved.saved_utc},
                                 {"message", saved.message}});
  return standing;
}

Standing standing_of(std::filesystem::path const& output) {
  // The state is removed once the result is complete, so while it is there the run is not over.
  if (auto const saved = io::read_saved_run(output); saved && saved->verdict != Exit::done)
    return unfinished(*saved, io::read_lock_owner(output));
  std::error_code ignored;
  MUSTER_REQUIRE(std::filesystem::exists(output, ignored),
                 "{}: no result and no run state there (nothing was run with this output, or its files were moved); "
                 "check the path, or start it with muster run", output.string());
  return finished(output);
}

}  // namespace

int cmd_status(StatusOptions const& options, Form form) {
  auto standing = standing_of(options.output);
  standing.json.set("exit_code", static_cast<int>(standing.code));
  answer(form, standing.text, standing.json);
  return options.exit == StatusExit::of_the_run ? static_cast<int>(standing.code) : 0;
}

}  // namespace muster::cli
