#include <fmt/core.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/job_file.hpp"
#include "cli/machine.hpp"

namespace muster::cli {
namespace {

std::string settings_text(std::vector<jobs::ResolvedSetting> const& settings) {
  std::size_t width = 0, value_width = 0;
  for (auto const& setting : settings) {
    width = std::max(width, setting.key.size());
    value_width = std::max(value_width, std::min<std::size_t>(setting.value.size(), 40));
  }
  std::string text;
  for (auto const& setting : settings)
    text += fmt::format("{:<{}}  {:<{}}  {}\n", setting.key, width, setting.value, value_width, setting.reason);
  return text;
}

}  // namespace

int cmd_plan(PlanOptions const& options, Form form) {
  auto const machine = prepare_machine(options.machine);
  auto const loaded = load_job(options.job, machine.plan);
  auto const text = fmt::format("{}\n\n{}\n{}", describe(loaded), to_text(machine.plan), settings_text(loaded.settings));
  answer(form, text,
         Value::object({{"job", job_json(loaded)},
                        {"plan", to_json(machine.plan)},
                        {"settings", settings_json(loaded.settings)}}));
  return 0;
}

}  // namespace muster::cli
