#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "cli/commands.hpp"
#include "cli/crew.hpp"
#include "cli/expected.hpp"
#include "cli/job_file.hpp"
#include "cli/machine.hpp"
#include "topology/settings.hpp"

namespace muster::cli {
namespace {

constexpr std::size_t widest_cell = 40;

/// Lines of cells in columns; the last column is as wide as it is.
template <std::size_t Columns>
std::string columns_text(std::vector<std::array<std::string, Columns>> const& rows) {
  std::array<std::size_t, Columns> widths{};
  for (auto const& row : rows)
    for (std::size_t i = 0; i + 1 < Columns; ++i) widths[i] = std::max(widths[i], std::min(row[i].size(), widest_cell));
  std::string text;
  for (auto const& row : rows) {
    for (std::size_t i = 0; i + 1 < Columns; ++i) text += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += row.back() + "\n";
  }
  return text;
}

std::string settings_text(std::vector<jobs::ResolvedSetting> const& settings) {
  std::vector<std::array<std::string, 3>> rows;
  for (auto const& setting : settings) rows.push_back({setting.key, setting.value, setting.reason});
  return columns_text(rows);
}

std::string auto_text(std::vector<topology::AutoSetting> const& settings) {
  std::vector<std::array<std::string, 4>> rows;
  for (auto const& setting : settings)
    rows.push_back({std::string(setting.kind), std::string(setting.key), topology::to_string(setting.value), setting.reason});
  return columns_text(rows);
}

Value auto_json(std::vector<topology::AutoSetting> const& settings) {
  Value::Array rows;
  for (auto const& setting : settings)
    rows.push_back(Value::object({{"kind", setting.kind},
                                  {"key", setting.key},
                                  {"value", std::visit([](auto const& plain) { return Value(plain); }, setting.value)},
                                  {"program", setting.program},
                                  {"reason", setting.reason}}));
  return rows;
}

/// The plan for another machine, or for the crew, whose machine comes with it.
struct Asked {
  topology::Plan plan;
  std::optional<Machine> here;
};

Asked plan_asked_for(PlanOptions const& options, Crew const* crew, topology::Demand const& demand) {
  if (crew == nullptr) return {plan_elsewhere(machine_named(options.on), demand), std::nullopt};
  auto machine = crew->plan(demand);
  auto plan = machine.plan;
  return {std::move(plan), std::move(machine)};
}

/// The machine alone, and what every kind of job would take "auto" for there.
int plan_machine(PlanOptions const& options, Crew const* crew, Form form) {
  auto demand = demand_of(options.machine);
  // Without a job the whole range is shown, model parallelism with it.
  demand.has_model_parallel_form = true;
  auto const plan = plan_asked_for(options, crew, demand).plan;
  auto const settings = topology::auto_settings(plan.least, plan.gpus);
  answer(form, to_text(plan) + "\n" + auto_text(settings),
         Value::object({{"plan", cli::to_json(plan)}, {"auto_settings", auto_json(settings)}}));
  return 0;
}

int plan_job(PlanOptions const& options, Crew const* crew, Form form) {
  Asked asked;
  auto const start = std::chrono::steady_clock::now();
  auto const loaded = load_planned_job(options.job, options.machine, [&](topology::Demand const& demand) {
    asked = plan_asked_for(options, crew, demand);
    return asked.plan;
  });
  double const load_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  topology::check_memory(asked.plan, loaded.job->cost());
  auto const times = asked.here ? tile_times_here(*asked.here, loaded, Timing::timed) : topology::TileTimes{};
  auto const expectation = expect(asked.plan, loaded, times, load_s);
  auto told = asked.plan;
  for (auto& line : to_decisions(expectation)) told.decisions.push_back(std::move(line));
  auto const text = fmt::format("{}\n\n{}\n{}", describe(loaded), to_text(told), settings_text(loaded.settings));
  answer(form, text,
         Value::object({{"job", job_json(loaded)},
                        {"plan", cli::to_json(asked.plan)},
                        {"expected", to_json(expectation)},
                        {"settings", settings_json(loaded.settings)}}));
  return 0;
}

}  // namespace

int cmd_plan(PlanOptions const& options, Form form) {
  MUSTER_REQUIRE(!options.job.file.empty() || options.job.overrides.empty(),
                 "--set without a job file (it replaces a setting of one); name the file, or leave --set out");
  auto const plan = options.job.file.empty() ? plan_machine : plan_job;
  if (!options.on.empty()) return plan(options, nullptr, form);
  std::unique_ptr<comm::Transport> transport;
  if (comm::is_mpi_launched()) transport = comm::make_mpi();
  if (transport && transport->rank() != 0) return look_on(*transport, options.machine);
  Crew const crew(transport.get(), options.machine);
  return plan(options, &crew, form);
}

}  // namespace muster::cli
