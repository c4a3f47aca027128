#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "cli/build_info.hpp"
#include "cli/commands.hpp"
#include "cli/job_file.hpp"
#include "cli/machine.hpp"
#include "cli/run_output.hpp"
#include "cli/submit/program.hpp"
#include "cli/submit/script.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "topology/cost.hpp"
#include "topology/machine_text.hpp"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using submit::run_program;

/// A relative path, or one beginning with a dash, would be another file or an option on the node.
std::string absolute_text(fs::path const& path) { return fs::absolute(path).lexically_normal().string(); }

std::string own_path() {
  auto path = own_program();
  MUSTER_REQUIRE_ENV(!path.empty(), "/proc/self/exe cannot be read (the script names this binary); mount /proc");
  return path;
}

/// Checked here and now: a fault of the job file found on the cluster costs a turn in the queue.
submit::Member member_of(SubmitOptions const& options, fs::path const& file) {
  // Only its faults and its name are needed, which no machine changes.
  auto const loaded = load_job({file, options.overrides}, topology::Plan{});
  return {absolute_text(file), absolute_text(output_path(options.output, loaded.resolved.name))};
}

/// The machines that are asked for, as far as they are known: of GPUs that Slurm counts nobody knows the sort here.
std::optional<topology::Cluster> machines_asked_for(SubmitOptions const& options, submit::Batch const& batch) {
  if (!options.on.empty()) return machine_named(options.on);
  if (batch.share.gpus > 0) return std::nullopt;
  return topology::machines_in_words(fmt::format("{} nodes x {} cores", batch.nodes.least, batch.share.tasks * batch.share.cpus));
}

submit::Needs needs_of(JobArguments const& job, std::optional<topology::Cluster> const& cluster, int threads) {
  std::optional<topology::Plan> plan;
  auto const loaded = load_planned_job(job, {}, [&](topology::Demand const& demand) {
    return cluster ? plan.emplace(plan_elsewhere(*cluster, demand)) : topology::Plan{};
  });
  submit::Needs needs{topology::host_bytes(loaded.job->cost(), threads), 0};
  if (!plan) return needs;
  auto const time = topology::expected_time(*plan, loaded.job->cost(), {});
  bool const is_known = std::all_of(time.devices.begin(), time.devices.end(), [](auto const& device) { return device.tile_s > 0; });
  if (is_known) needs.seconds = time.most_s;
  return needs;
}

/// Of an array the largest.
submit::Needs needs_of_all(SubmitOptions const& options, submit::Batch const& batch) {
  auto const cluster = machines_asked_for(options, batch);
  submit::Needs most;
  bool is_time_known = true;
  for (auto const& file : options.jobs) {
    auto const needs = needs_of({file, options.overrides}, cluster, batch.share.cpus);
    most.rank_bytes = std::max(most.rank_bytes, needs.rank_bytes);
    most.seconds = std::max(most.seconds, needs.seconds);
    is_time_known = is_time_known && needs.seconds > 0;
  }
  if (!is_time_known) most.seconds = 0;
  return most;
}

void check_outputs(std::vector<submit::Member> const& members) {
  std::map<std::string, std::string> writers;
  for (auto const& member : members) {
    auto const [first, is_new] = writers.emplace(member.output, member.job);
    MUSTER_REQUIRE(is_new, "{} and {} both write {} (one would lose its result); give them different names, or submit one with --out",
                   printable(first->second), printable(member.job), printable(member.output));
  }
}

void check_options(SubmitOptions const& options) {
  MUSTER_REQUIRE(options.output.empty() || options.jobs.size() == 1,
                 "--out with {} job files (they would all write it); leave it out: each result is named after its job",
                 options.jobs.size());
  auto const& launcher = options.launcher;
  MUSTER_REQUIRE(launcher.empty() || launcher == "mpirun" || launcher == "srun",
                 "--launcher {} (must be mpirun or srun); leave it out to have it chosen on the cluster", printable(launcher));
  auto const interval = options.commit_interval_s.value_or(10);
  MUSTER_REQUIRE(interval >= 0.01 && interval <= 86'400,
                 "--commit-interval {} (must be 0.01 to 86400 seconds); leave it out for 10", interval);
}

std::string word_or_none(std::string_view option, std::string const& text) {
  return text.empty() ? text : submit::slurm_word(option, text);
}

/// What Slurm says of the partition's nodes; nothing where it is not, or does not answer.
std::optional<submit::Node> ask_slurm(std::string const& partition) {
  std::vector<std::string> words{"sinfo", "--noheader", "--Node", "--format=%c|%m|%G"};
  if (!partition.empty()) words.push_back("--partition=" + partition);
  auto const spoken = run_program(words, "");
  return spoken && spoken->status == 0 ? submit::node_in_sinfo(spoken->out) : std::nullopt;
}

std::uint64_t megabytes_asked_for(std::string const& text) {
  if (text.empty()) return 0;
  auto const bytes = parse_bytes(text);
  MUSTER_REQUIRE(bytes && *bytes >= (1U << 20), "--mem {} (must be a size of at least 1 MiB); write e.g. 64GiB", printable(text));
  return *bytes >> 20;
}

/// Nodes and what each gives, from --on, else from Slurm, else from the options alone.
std::optional<submit::Node> plan_nodes(SubmitOptions const& options, submit::Batch& batch) {
  std::optional<submit::Node> node;
  if (!options.on.empty()) {
    auto const cluster = machine_named(options.on);
    node = submit::node_in_cluster(cluster);
    batch.nodes.least = batch.nodes.most = submit::machines_in(cluster);
  } else {
    node = ask_slurm(batch.partition);
  }
  if (!options.nodes.empty()) batch.nodes = submit::parse_nodes(options.nodes);
  batch.share = submit::share_of(
      node, {options.tasks_per_node, options.cpus_per_task, options.gpus_per_node, megabytes_asked_for(options.memory)});
  return node;
}

std::optional<std::int64_t> limit_of(std::string const& partition) {
  auto const spoken = run_program({"sinfo", "--noheader", "--format=%P|%l"}, "");
  return spoken && spoken->status == 0 ? submit::limit_in_sinfo(spoken->out, partition) : std::nullopt;
}

/// Memory and time that were not said, from what the jobs are expected to take.
void plan_needs(SubmitOptions const& options, std::optional<submit::Node> const& node, submit::Batch& batch) {
  if (batch.share.memory_mb > 0 && batch.minutes) return;
  auto const needs = needs_of_all(options, batch);
  if (batch.share.memory_mb == 0) batch.share.memory_mb = submit::memory_mb_for(needs, batch.share, node);
  if (!batch.minutes) batch.minutes = submit::minutes_for(needs, limit_of(batch.partition));
}

std::vector<std::string> run_options(SubmitOptions const& options) {
  std::vector<std::string> words{"--quiet"};
  if (options.commit_interval_s) words.insert(words.end(), {"--commit-interval", plain_number(*options.commit_interval_s)});
  for (auto const& setting : options.overrides) words.insert(words.end(), {"--set", setting});
  return words;
}

/// The command that submits one of the jobs again, with all that was decided.
std::vector<std::string> words_again(SubmitOptions const& options, submit::Batch const& batch) {
  auto const& nodes = batch.nodes;
  std::vector<std::string> words{batch.muster, "submit", "--nodes", fmt::format("{}-{}", nodes.least, nodes.most)};
  auto const add = [&words](std::string const& option, std::string const& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  add("--tasks-per-node", std::to_string(batch.share.tasks));
  add("--cpus-per-task", std::to_string(batch.share.cpus));
  add("--gpus-per-node", std::to_string(batch.share.gpus));
  add("--mem", options.memory);
  add("--time", options.time);
  add("--account", options.account);
  add("--partition", options.partition);
  add("--constraint", options.constraint);
  add("--launcher", options.launcher);
  for (auto const& setting : options.overrides) add("--set", setting);
  if (options.commit_interval_s) add("--commit-interval", plain_number(*options.commit_interval_s));
  return words;
}

submit::Batch batch_of(SubmitOptions const& options) {
  check_options(options);
  submit::Batch batch;
  for (auto const& file : options.jobs) batch.members.push_back(member_of(options, file));
  check_outputs(batch.members);
  batch.name = options.jobs.front().stem().string();
  batch.muster = own_path();
  batch.launcher = options.launcher;
  batch.version = version();
  batch.account = word_or_none("--account", options.account);
  batch.partition = word_or_none("--partition", options.partition);
  batch.constraint = word_or_none("--constraint", options.constraint);
  if (!options.time.empty()) batch.minutes = submit::parse_time_minutes(options.time);
  auto const node = plan_nodes(options, batch);
  plan_needs(options, node, batch);
  batch.run_options = run_options(options);
  batch.again = words_again(options, batch);
  return batch;
}

void keep(fs::path const& file, std::string const& script) {
  if (file.empty()) return;
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << script;
  out.close();
  MUSTER_REQUIRE_ENV(out.good(), "{} cannot be written (the script was to be kept there); choose another --keep", file.string());
}

/// What sbatch says to the script. Throws Error with its reason when it refuses.
submit::Spoken hand_to_sbatch(std::string const& script, std::string const& option) {
  auto const spoken = run_program({"sbatch", option}, script);
  MUSTER_REQUIRE_ENV(spoken.has_value(),
                     "sbatch was not found (it puts jobs into Slurm's queue); submit from a login node of the cluster, or see "
                     "the script with --dry-run");
  auto const reason = trimmed(spoken->err);
  if (spoken->status != 0)
    throw_error(Exit::environment, "sbatch refused the job: {} (nothing was submitted); see the script with --dry-run",
                printable(reason, 400));
  return *spoken;
}

Value outputs_json(submit::Batch const& batch) {
  Value::Array results;
  for (auto const& member : batch.members) results.emplace_back(member.output);
  return results;
}

int print_script(std::string const& script, Form form) {
  answer(form, script, Value::object({{"script", script}}));
  return 0;
}

int tell_when(std::string const& script, Form form) {
  auto const spoken = hand_to_sbatch(script, "--test-only");
  auto const text = std::string(trimmed(spoken.err.empty() ? spoken.out : spoken.err));  // sbatch says it on stderr
  answer(form, text, Value::object({{"slurm", text}}));
  return 0;
}

int put_into_queue(submit::Batch const& batch, std::string const& script, Form form) {
  auto const spoken = hand_to_sbatch(script, "--parsable");
  auto const line = trimmed(spoken.out);
  auto const job = std::string(line.substr(0, line.find(';')));
  auto text = fmt::format("job      {}\n", printable(job));
  for (auto const& member : batch.members) text += fmt::format("result   {}\n", member.output);
  text += fmt::format("see      muster status {}\n", submit::shell_quoted(batch.members.front().output));
  answer(form, text, Value::object({{"job", job}, {"results", outputs_json(batch)}}));
  return 0;
}

}  // namespace

int cmd_submit(SubmitOptions const& options, Form form) {
  auto const batch = batch_of(options);
  auto const script = submit::batch_script(batch);
  keep(options.keep, script);
  if (options.action == SubmitAction::print) return print_script(script, form);
  if (options.action == SubmitAction::ask_slurm) return tell_when(script, form);
  return put_into_queue(batch, script, form);
}

}  // namespace muster::cli
