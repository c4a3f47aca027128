#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "cli/commands.hpp"
#include "cli/run_standing.hpp"
#include "cli/signals.hpp"
#include "core/text.hpp"

namespace muster::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using Is = io::Standing::Is;

constexpr Seconds first_pause{0.05}, longest_pause{1};
constexpr double longest_timeout_s = 1e9;

/// What is waited for, said once each time it changes.
std::string_view note(Is is) {
  switch (is) {
    case Is::nothing: return "nothing there yet; waiting for the run to begin";
    case Is::interrupted: return "its process is gone without a verdict; waiting for it to be started again";
    case Is::running: return "running; waiting for its verdict";
    case Is::over: break;
  }
  return "";
}

[[noreturn]] void throw_timeout(WaitOptions const& options, io::Standing const& standing) {
  auto const progress = progress_text(standing);
  throw Error(Exit::stopped,
              fmt::format("{} has no verdict after {} ({}{}{}); wait longer, or see muster status --why {}",
                          options.output.string(), human_duration(*options.timeout_s),
                          standing.is == Is::nothing ? "there is nothing yet" : word_for(standing),
                          progress.empty() ? "" : ", ", progress, options.output.string()),
              Retry::may_help);
}

}  // namespace

int cmd_wait(WaitOptions const& options, Form form) {
  MUSTER_REQUIRE(!options.timeout_s || (*options.timeout_s >= 0 && *options.timeout_s <= longest_timeout_s),
                 "--timeout {} (must be 0 to 1e9 seconds); leave it out to wait for as long as it takes", *options.timeout_s);
  auto const start = Clock::now();
  auto pause = first_pause;
  auto told = Is::over;
  for (;;) {
    auto const standing = io::standing_of(options.output);
    if (standing.verdict) {
      auto const report = describe(standing, options.output, Detail::brief);
      answer(form, report.text, report.json);
      return io::exit_code(standing);
    }
    if (form == Form::table && standing.is != told)
      std::fprintf(stderr, "%s: %s\n", options.output.c_str(), std::string(note(standing.is)).c_str());
    told = standing.is;
    Seconds const waited = Clock::now() - start;
    if (options.timeout_s && waited.count() >= *options.timeout_s) throw_timeout(options, standing);
    if (stop_requested())
      throw_error(Exit::stopped, "stopped waiting for {} (the run itself was not asked to stop); muster stop {} does that",
                  options.output.string(), options.output.string());
    auto const left = options.timeout_s ? Seconds(*options.timeout_s) - waited : longest_pause;
    std::this_thread::sleep_for(std::min(pause, left));
    pause = std::min(2 * pause, longest_pause);
  }
}

}  // namespace muster::cli
