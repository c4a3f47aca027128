#include "cli/submit/script.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"

namespace muster::cli::submit {
namespace {

constexpr std::size_t longest_name = 64;

void add(std::string& script, std::string_view option) { script += fmt::format("#SBATCH {}\n", option); }
void add(std::string& script, std::string_view option, std::string const& value) {
  if (!value.empty()) add(script, fmt::format("{}={}", option, value));
}

/// Seconds between the request to stop and the limit: time to finish tiles, save and leave, but never most of
/// a short job.
std::int64_t notice_s(std::optional<std::int64_t> const& minutes) {
  constexpr std::int64_t usual = 120;
  return minutes ? std::min(usual, *minutes * 60 / 3) : usual;
}

std::string nodes_text(NodeRange const& nodes) {
  return nodes.least == nodes.most ? std::to_string(nodes.least) : fmt::format("{}-{}", nodes.least, nodes.most);
}

std::string options_text(Batch const& batch) {
  bool const is_array = batch.members.size() > 1;
  auto const name = harmless_name(batch.name);
  std::string text;
  add(text, "--job-name", name);
  add(text, "--output", name + (is_array ? "-%A_%a.log" : "-%j.log"));
  if (is_array) add(text, "--array", fmt::format("0-{}", batch.members.size() - 1));
  add(text, "--nodes", nodes_text(batch.nodes));
  // One is what Slurm takes unasked; said, it would count as one task for the least number of nodes.
  if (batch.share.tasks > 1) add(text, "--ntasks-per-node", std::to_string(batch.share.tasks));
  add(text, "--cpus-per-task", std::to_string(batch.share.cpus));
  if (batch.share.gpus > 0) {
    add(text, "--gpus-per-node", std::to_string(batch.share.gpus));
    add(text, "--gpu-bind=none");  // a bound rank could not reach the others' cards
  }
  if (batch.share.memory_mb > 0) add(text, "--mem", fmt::format("{}M", batch.share.memory_mb));
  if (batch.minutes) add(text, "--time", time_text(*batch.minutes));
  add(text, "--account", batch.account);
  add(text, "--partition", batch.partition);
  add(text, "--constraint", batch.constraint);
  add(text, "--requeue");
  add(text, "--no-kill");  // a lost node leaves the job, which goes on with the others
  add(text, "--open-mode=append");
  add(text, "--signal", fmt::format("B:TERM@{}", notice_s(batch.minutes)));
  return text;
}

std::string words(std::vector<std::string> const& list) {
  std::string text;
  for (auto const& word : list) text += (text.empty() ? "" : " ") + shell_quoted(word);
  return text;
}

std::string array_text(std::string_view name, std::vector<Member> const& members, std::string Member::*field) {
  auto text = fmt::format("{}=(\n", name);
  for (auto const& member : members) text += "  " + shell_quoted(member.*field) + "\n";
  return text + ")\n";
}

std::string settings_text(Batch const& batch) {
  auto const notice = notice_s(batch.minutes);
  auto text = fmt::format("muster={}\nlauncher={}\nmin_nodes={}\nstop_s={}\nterm_s={}\n", shell_quoted(batch.muster),
                          shell_quoted(batch.launcher), batch.nodes.least, notice * 2 / 3, notice / 4);
  text += array_text("jobs", batch.members, &Member::job);
  text += array_text("outputs", batch.members, &Member::output);
  text += "task=${SLURM_ARRAY_TASK_ID:-0}\n";
  text += fmt::format("set -- \"${{jobs[task]}}\" --out \"${{outputs[task]}}\"{}{}\n", batch.run_options.empty() ? "" : " ",
                      words(batch.run_options));
  text += fmt::format("again=({} \"${{jobs[task]}}\" --out \"${{outputs[task]}}\")\n", words(batch.again));
  return text;
}

}  // namespace

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view plain = "_./=:,+-@%";
  bool const needs_none = !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || plain.find(c) != plain.npos;
  });
  if (needs_none) return std::string(word);
  std::string text = "'";
  for (char const c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string harmless_name(std::string_view name) {
  std::string text(name.substr(0, longest_name));
  for (char& c : text) {
    bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_letter && c != '.' && c != '-') c = '_';
  }
  // A leading dash would be an option, a leading dot hides the log.
  if (text.empty() || text.front() == '-' || text.front() == '.') text.insert(0, "job");
  return text;
}

std::string batch_script(Batch const& batch) {
  MUSTER_ASSERT(!batch.members.empty(), "a batch without a job");
  auto text = fmt::format("#!/usr/bin/env bash\n# Written by muster submit {}. It can be kept and edited; sbatch starts it, from the "
                          "folder where\n# its log is to be.\n", batch.version);
  text += options_text(batch);
  text += "# shellcheck disable=SC2034,SC2317  # one setting is not for every job; functions are called through trap\n\n";
  return text + settings_text(batch) + std::string(batch_body());
}

}  // namespace muster::cli::submit
