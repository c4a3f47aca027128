#include "cli/selftest/report.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace muster::cli::selftest {

std::string_view scope_of(int hosts, std::size_t gpus) {
  if (hosts > 1) return "cluster";
  return gpus == 0 ? "CPU" : gpus == 1 ? "single GPU" : "several GPUs";
}

std::string to_text(Report const& report) {
  std::size_t check_width = 0, figure_width = 0;
  for (auto const& line : report.lines) {
    check_width = std::max(check_width, line.check.size());
    if (line.figure.size() <= 40) figure_width = std::max(figure_width, line.figure.size());
  }
  auto text = fmt::format("scope: {}; {} rank{} on {}\n", report.scope, report.ranks, report.ranks == 1 ? "" : "s",
                          report.hosts == 1 ? report.host : fmt::format("{} machines", report.hosts));
  for (auto const& line : report.lines)
    text += fmt::format("{:<4}  {:<{}}  {:<{}}  {}\n", word_for_people(line.verdict), line.check, check_width, line.figure,
                        figure_width, line.reason);
  return text + (has_failed(report.lines) ? failures(report) : "all checks that apply here passed") + "\n";
}

Value to_json(Report const& report) {
  Value::Array lines;
  for (auto const& line : report.lines) {
    auto values = Value(Value::Object{});
    for (auto const& [name, value] : line.values) values.set(name, value);
    lines.push_back(Value::object({{"check", line.check},
                                   {"verdict", word_for_json(line.verdict)},
                                   {"figure", line.figure},
                                   {"reason", line.reason},
                                   {"values", std::move(values)}}));
  }
  return Value::object({{"verdict", word_for_json(has_failed(report.lines) ? Verdict::fail : Verdict::pass)},
                        {"scope", report.scope},
                        {"host", report.host},
                        {"ranks", report.ranks},
                        {"machines", report.hosts},
                        {"lines", std::move(lines)}});
}

std::string failures(Report const& report) {
  std::string names;
  std::size_t count = 0;
  for (auto const& line : report.lines) {
    if (line.verdict != Verdict::fail) continue;
    ++count;
    names += (names.empty() ? "" : ", ") + line.check;
  }
  return fmt::format("{} of {} checks failed ({})", count, report.lines.size(), names);
}

}  // namespace muster::cli::selftest
