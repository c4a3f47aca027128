// One run over whichever ranks there are: this process's, or those a launcher started.
#pragma once

#include "cli/job_file.hpp"
#include "cli/machine.hpp"
#include "cli/options.hpp"
#include "comm/transport.hpp"
#include "orchestrator/run.hpp"

namespace muster::cli {

struct RunSettings {
  int in_process_ranks = 1;
  double commit_interval_s = 10;
  Chatter chatter = Chatter::normal;
  std::vector<comm::RankNews> early_news = {};  ///< of ranks, from the roll call
  comm::Rendezvous* rendezvous = nullptr;       ///< orchestrator::DriverOptions
};

/// Rank 0. `transport` is the launcher's, or null for ranks in this process. See orchestrator::run_job.
orchestrator::RunOutcome run_job_here(comm::Transport* transport, LoadedJob const& loaded, Machine const& machine,
                                      RunSettings const& settings, orchestrator::Persistence& persistence);

/// How another rank's work ended.
struct WorkedFor {
  int code = 0;
  bool is_root_lost = false;  ///< rank 0 has died; those that live may go on without it
};

/// Every other rank of a launcher: works for rank 0 until it says stop. Its errors go to rank 0 or stderr.
/// Exit code 0 whatever the verdict: rank 0 tells it, and a launcher that sees another rank fail first
/// would kill rank 0 before it has.
WorkedFor work_for_rank_0(comm::Transport& transport, MachineArguments const& arguments);

}  // namespace muster::cli
