// The commands. Each prints its answer and returns the process exit code; errors are thrown.
#pragma once

#include "cli/options.hpp"

namespace muster::cli {

int cmd_run(RunOptions const& options, Form form);
int cmd_check(CheckOptions const& options, Form form);
int cmd_plan(PlanOptions const& options, Form form);
int cmd_verify(VerifyOptions const& options, Form form);
int cmd_replay(ReplayOptions const& options, Form form);
int cmd_backtest(BacktestOptions const& options, Form form);
int cmd_predict(PredictOptions const& options, Form form);
int cmd_export(ExportOptions const& options, Form form);
int cmd_features(FeaturesOptions const& options, Form form);
int cmd_diff(DiffOptions const& options, Form form);
int cmd_import(ImportOptions const& options, Form form);
int cmd_import_bars(ImportBarsOptions const& options, Form form);
int cmd_selftest(SelftestOptions const& options, Form form);
int cmd_status(StatusOptions const& options, Form form);
int cmd_submit(SubmitOptions const& options, Form form);
int cmd_stop(StopOptions const& options, Form form);
int cmd_wait(WaitOptions const& options, Form form);
int cmd_logs(LogsOptions const& options, Form form);
int cmd_topology(TopologyOptions const& options, Form form);

}  // namespace muster::cli
