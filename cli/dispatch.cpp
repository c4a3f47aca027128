#include "cli/dispatch.hpp"

#include <exception>
#include <new>
#include <variant>

#include "cli/build_info.hpp"
#include "cli/commands.hpp"
#include "cli/signals.hpp"
#include "topology/probe.hpp"

namespace muster::cli {
namespace {

struct Execute {
  Form form;

  int operator()(HelpText const& help) const {
    answer(form, help.text, Value::object({{"help", help.text}}));
    return 0;
  }
  int operator()(VersionOptions const&) const {
    answer(form, version_text(), version_json());
    return 0;
  }
  int operator()(RunOptions const& options) const { return cmd_run(options, form); }
  int operator()(CheckOptions const& options) const { return cmd_check(options, form); }
  int operator()(PlanOptions const& options) const { return cmd_plan(options, form); }
  int operator()(VerifyOptions const& options) const { return cmd_verify(options, form); }
  int operator()(ReplayOptions const& options) const { return cmd_replay(options, form); }
  int operator()(ExportOptions const& options) const { return cmd_export(options, form); }
  int operator()(DiffOptions const& options) const { return cmd_diff(options, form); }
  int operator()(BacktestOptions const& options) const { return cmd_backtest(options, form); }
  int operator()(PredictOptions const& options) const { return cmd_predict(options, form); }
  int operator()(FeaturesOptions const& options) const { return cmd_features(options, form); }
  int operator()(ImportOptions const& options) const { return cmd_import(options, form); }
  int operator()(ImportBarsOptions const& options) const { return cmd_import_bars(options, form); }
  int operator()(SelftestOptions const& options) const { return cmd_selftest(options, form); }
  int operator()(StatusOptions const& options) const { return cmd_status(options, form); }
  int operator()(SubmitOptions const& options) const { return cmd_submit(options, form); }
  int operator()(StopOptions const& options) const { return cmd_stop(options, form); }
  int operator()(WaitOptions const& options) const { return cmd_wait(options, form); }
  int operator()(LogsOptions const& options) const { return cmd_logs(options, form); }
  int operator()(TopologyOptions const& options) const { return cmd_topology(options, form); }
};

/// Under a launcher every rank runs the same line, and one of them speaks; these need the others.
bool needs_all_ranks(Invocation const& invocation) {
  if (auto const* plan = std::get_if<PlanOptions>(&invocation.command)) return plan->on.empty();
  if (auto const* topology = std::get_if<TopologyOptions>(&invocation.command)) return topology->on.empty();
  return std::holds_alternative<RunOptions>(invocation.command) ||
         std::holds_alternative<SelftestOptions>(invocation.command);
}

}  // namespace

int run_command_line(int count, char const* const* arguments) noexcept {
  auto form = Form::table;
  bool quiet = false;
  try {
    form = form_asked_for(count, arguments);
    catch_stop_signals();
    bool const is_first = topology::launch_from_environment().rank == 0;
    quiet = !is_first;  // what is wrong with this line is told by rank 0
    auto const invocation = parse_arguments(count, arguments);
    quiet = false;
    if (!is_first && !needs_all_ranks(invocation)) return 0;
    return std::visit(Execute{invocation.form}, invocation.command);
  } catch (Error const& error) {
    return quiet ? static_cast<int>(error.code()) : report(form, error);
  } catch (std::bad_alloc const&) {
    return report(form, Error(Exit::environment, "memory ran out (the job needs more than this machine gives); "
                                                 "use fewer threads or ranks, or a smaller job"));
  } catch (std::exception const& fault) {
    return report(form, Error(Exit::bug, std::string(fault.what()) +
                                             " (an error muster did not expect); please report it with the "
                                             "command and the job file"));
  }
}

}  // namespace muster::cli
