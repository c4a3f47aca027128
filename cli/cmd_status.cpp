#include "cli/commands.hpp"
#include "cli/run_standing.hpp"

namespace muster::cli {

int cmd_status(StatusOptions const& options, Form form) {
  auto const standing = io::standing_of(options.output);
  require_run(standing, options.output);
  auto const report = describe(standing, options.output, options.detail);
  answer(form, report.text, report.json);
  return options.exit == StatusExit::of_the_run ? io::exit_code(standing) : 0;
}

}  // namespace muster::cli
