#include "cli/job_file.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cli/machine.hpp"
#include "core/files.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "core/toml.hpp"

namespace muster::cli {
namespace {

constexpr std::uint64_t largest_job_file_bytes = 64ULL << 20;

jobs::Kind const& kind_of(std::string_view text, JobArguments const& arguments) {
  auto const file = arguments.file.string();
  auto const document = TomlDocument::parse(text, file, arguments.overrides);
  auto const kind = document.root().find("kind");
  MUSTER_REQUIRE(kind && kind.kind() == TomlKind::text,
                 "{}: kind is {} (it says what to compute); write kind = \"price\" at the top of the file", file,
                 kind ? kind.describe() : "missing");
  return jobs::find_kind(kind.text());
}

/// All but the job itself.
LoadedJob resolve(jobs::Kind const& kind, std::string_view text, JobArguments const& arguments, topology::Tier tier,
                  std::string const& why) {
  LoadedJob loaded;
  loaded.resolved = kind.resolve(text, arguments.file, {arguments.overrides, tier, why}, &loaded.settings);
  loaded.hash = sha256_hex(loaded.resolved.text);
  return loaded;
}

std::string reason_of(topology::Plan const& plan, std::string_view what) {
  for (auto const& decision : plan.decisions)
    if (decision.what == what) return decision.reason;
  return "";
}

std::uint64_t last_stage(jobs::Job const& job) {
  auto const stages = job.stages();
  return stages.empty() ? 0 : stages.back();
}

}  // namespace

LoadedJob load_job(JobArguments const& arguments, topology::Plan const& plan) {
  auto const text = read_whole_file(arguments.file, largest_job_file_bytes, "job file");
  auto const& kind = kind_of(text, arguments);
  auto loaded = resolve(kind, text, arguments, plan.tier, reason_of(plan, "tier"));
  loaded.job = kind.make(loaded.resolved);
  return loaded;
}

std::optional<topology::Mode> mode_in_job(JobArguments const& arguments) {
  auto const text = read_whole_file(arguments.file, largest_job_file_bytes, "job file");
  auto const document = TomlDocument::parse(text, arguments.file.string(), arguments.overrides);
  auto const mode = document.root().find("mode");
  return mode && mode.kind() == TomlKind::text ? topology::parse_mode(mode.text()) : std::nullopt;
}

/// By every card that the plan uses.
topology::NetworkSize network_size(jobs::Job const& job, topology::Plan const& plan) {
  for (auto const& node : plan.nodes)
    for (auto const& rank : node.ranks)
      for (std::size_t i = 0; i < rank.gpus.size(); ++i) {
        auto const& card = *std::ranges::find(node.machine.gpus, rank.gpus[i], &topology::Gpu::ordinal);
        auto const need = job.device_need(card, rank.device_bytes[i]);
        if (need && !need->fits) return topology::NetworkSize::needs_several;
      }
  return topology::NetworkSize::fits_one_gpu;
}

topology::Mixing mixing_of(jobs::Job const& job) {
  return job.same_bits() == jobs::SameBits::on_one_kind ? topology::Mixing::one_kind : topology::Mixing::allowed;
}

LoadedJob load_planned_job(JobArguments const& job, MachineArguments const& machine,
                           std::function<topology::Plan(topology::Demand const&)> const& make_plan) {
  auto demand = demand_of(machine, mode_in_job(job));
  demand.has_model_parallel_form = kind_of(read_whole_file(job.file, largest_job_file_bytes, "job file"), job).has_model_parallel_form;
  demand.joins_ranks = demand.has_model_parallel_form;
  auto const plan = make_plan(demand);
  auto loaded = load_job(job, plan);
  demand.mixing = mixing_of(*loaded.job);
  demand.has_model_parallel_form = loaded.job->has_model_parallel_form();
  if (demand.has_model_parallel_form) demand.network = network_size(*loaded.job, plan);
  bool const holds = demand.mixing == topology::Mixing::allowed && plan.mode != topology::Mode::model_data_parallel &&
                     demand.network != topology::NetworkSize::needs_several;
  // Other devices, so maybe another tier.
  return holds ? std::move(loaded) : load_job(job, make_plan(demand));
}

std::optional<LoadedJob> load_job_with_hash(JobArguments const& arguments, std::string const& hash) {
  auto const text = read_whole_file(arguments.file, largest_job_file_bytes, "job file");
  auto const& kind = kind_of(text, arguments);
  for (auto const tier : {topology::Tier::low, topology::Tier::mid, topology::Tier::high}) {
    auto loaded = resolve(kind, text, arguments, tier, "that of the machine it began on");
    if (loaded.hash != hash) continue;
    loaded.job = kind.make(loaded.resolved);
    return loaded;
  }
  return std::nullopt;
}

LoadedJob load_resolved(std::string const& kind_name, std::string const& text, std::filesystem::path const& folder) {
  auto const& kind = jobs::find_kind(kind_name);
  LoadedJob loaded;
  loaded.resolved = kind.resolve(text, folder / "provenance", {}, &loaded.settings);
  MUSTER_REQUIRE(loaded.resolved.text == text,
                 "this muster resolves the job in the file to another one (its settings have changed since); use the "
                 "release that the file names, muster diff shows it");
  loaded.hash = sha256_hex(text);
  loaded.job = kind.make(loaded.resolved);
  return loaded;
}

Value job_json(LoadedJob const& loaded) {
  auto const unit = loaded.job->work_unit();
  Value::Array stages;
  for (auto const stage : loaded.job->stages()) stages.emplace_back(stage);
  return Value::object({{"kind", loaded.resolved.kind},
                        {"name", loaded.resolved.name},
                        {"seed", loaded.resolved.seed},
                        {"hash", loaded.hash},
                        {"stages_tiles", std::move(stages)},
                        {"work_unit", unit.name},
                        {"units_per_tile", unit.units_per_tile}});
}

Value settings_json(std::vector<jobs::ResolvedSetting> const& settings) {
  Value::Array rows;
  for (auto const& setting : settings)
    rows.push_back(Value::object({{"key", setting.key}, {"value", setting.value}, {"reason", setting.reason}}));
  return rows;
}

std::string describe_auto(std::vector<jobs::ResolvedSetting> const& settings, std::string_view begin) {
  std::vector<std::pair<std::string, std::string>> lines;  // reason, settings
  for (auto const& setting : settings) {
    if (!setting.reason.starts_with("auto: ")) continue;
    auto line = std::find_if(lines.begin(), lines.end(),
                             [&](auto const& one) { return one.first == setting.reason; });
    if (line == lines.end()) line = lines.insert(lines.end(), {setting.reason, ""});
    line->second += fmt::format("{}{} = {}", line->second.empty() ? "" : ", ", setting.key, setting.value);
  }
  std::string text;
  for (auto const& [reason, values] : lines) text += fmt::format("{}{}: {}\n", begin, reason, values);
  return text;
}

std::string describe(LoadedJob const& loaded) {
  auto const tiles = last_stage(*loaded.job);
  auto const unit = loaded.job->work_unit();
  auto text = fmt::format("{} ({}): {}{} tiles", loaded.resolved.name, loaded.resolved.kind,
                          loaded.job->stages().size() > 1 ? "at most " : "", human_count(tiles));
  if (tiles > 0) text += fmt::format(", {:.2g} {}", static_cast<double>(tiles) * unit.units_per_tile, unit.name);
  return text;
}

}  // namespace muster::cli
