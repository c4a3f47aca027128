#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/job_file.hpp"
#include "cli/machine.hpp"

namespace muster::cli {

int cmd_check(CheckOptions const& options, Form form) {
  if (!options.reference_of.empty()) {
    auto const& kind = jobs::find_kind(options.reference_of);
    auto const page = kind.reference();
    answer(form, page, Value::object({{"kind", kind.name}, {"reference", page}}));
    return 0;
  }
  auto const loaded = load_job(options.job, prepare_machine({}).plan);
  // Some faults only show when the work is laid out: what no method here can price, too many steps.
  jobs::find_kind(loaded.resolved.kind).make(loaded.resolved);
  // Comments keep the whole output a valid job file.
  auto const text = fmt::format("# {}\n# hash {}\n{}{}", describe(loaded), loaded.hash,
                                describe_auto(loaded.settings, "# "), loaded.resolved.text);
  answer(form, text,
         Value::object({{"ok", true},
                        {"job", job_json(loaded)},
                        {"settings", settings_json(loaded.settings)},
                        {"resolved", loaded.resolved.text}}));
  return 0;
}

}  // namespace muster::cli
