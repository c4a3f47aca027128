#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "cli/commands.hpp"
#include "cli/run_log.hpp"
#include "cli/signals.hpp"
#include "io/run_files.hpp"
#include "io/standing.hpp"

namespace muster::cli {
namespace {

constexpr std::chrono::milliseconds between_looks{200};

std::string as_text(std::vector<std::string> const& lines) {
  std::string text;
  for (auto const& line : lines) text += line + '\n';
  return text;
}

/// Until the run has a verdict or the reader has enough.
int follow(std::filesystem::path const& output, LogReader& reader) {
  for (;;) {
    // First the verdict, then the lines: what was written before it is not missed.
    bool const is_over = io::standing_of(output).verdict.has_value() || stop_requested();
    print(as_text(reader.next().value_or(std::vector<std::string>{})));
    if (is_over) return 0;
    std::this_thread::sleep_for(between_looks);
  }
}

}  // namespace

int cmd_logs(LogsOptions const& options, Form form) {
  MUSTER_REQUIRE(options.follow == Follow::no || form == Form::table,
                 "--follow with --json (one JSON value cannot grow); leave out one of them");
  LogReader reader(options.output);
  if (options.follow == Follow::yes) return follow(options.output, reader);
  auto const path = io::log_path(options.output).string();
  auto const lines = reader.next();
  MUSTER_REQUIRE(lines.has_value(), "{}: no such log (nothing was run with this output, or its files were moved); check the path",
                 path);
  Value::Array all;
  for (auto const& line : *lines) all.emplace_back(line);
  answer(form, as_text(*lines), Value::object({{"log", path}, {"lines", std::move(all)}}));
  return 0;
}

}  // namespace muster::cli
