#include "cli/commands.hpp"
#include "cli/selftest/installation.hpp"
#include "comm/transport.hpp"

namespace muster::cli {

int cmd_selftest(SelftestOptions const& options, Form form) {
  auto const variables = selftest::launcher_variables();  // MPI sets some of its own
  std::unique_ptr<comm::Transport> transport;
  if (comm::is_mpi_launched()) transport = comm::make_mpi();
  if (transport && transport->rank() != 0) {
    selftest::help_rank_0(*transport);
    return 0;
  }
  auto const report = selftest::check_installation(options.folder, variables, transport.get());
  answer(form, selftest::to_text(report), selftest::to_json(report));
  return static_cast<int>(selftest::has_failed(report.lines) ? Exit::environment : Exit::done);
}

}  // namespace muster::cli
