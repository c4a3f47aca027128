#include "comm/mpi_runtime.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "comm/transport.hpp"
#include "core/error.hpp"
#include "core/log.hpp"

namespace muster::comm {
namespace {
bool finalize_is_forbidden = false;
}

void check_mpi(int code, char const* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  std::string_view const name(call);
  throw_error(
      Exit::environment,
      "{} failed: {} (ranks can no longer exchange messages); check the network and the MPI "
      "installation, then run again to resume",
      name.substr(0, name.find('(')), std::string_view(text.data(), length));
}

void start_mpi() {
  int is_finalized = 0, is_initialized = 0;
  MUSTER_MPI(MPI_Finalized(&is_finalized));
  MUSTER_ASSERT(!is_finalized, "MPI was finalized and cannot start again");
  MUSTER_MPI(MPI_Initialized(&is_initialized));
  if (is_initialized) return;
  // A send to a rank that died raises SIGPIPE in the TCP transport; the error code is enough.
  std::signal(SIGPIPE, SIG_IGN);
  // UCX tells of lost peers on stdout, which is for the one answer.
  ::setenv("UCX_LOG_FILE", "stderr", 0);
  int provided = 0;
  MUSTER_MPI(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  MUSTER_REQUIRE_ENV(
      provided >= MPI_THREAD_FUNNELED,
      "MPI offers thread level {} (muster computes in threads and needs MPI_THREAD_FUNNELED); "
      "use an MPI library built with threads",
      provided);
  MUSTER_MPI(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
}

void forbid_mpi_finalize() { finalize_is_forbidden = true; }
bool is_mpi_finalize_forbidden() { return finalize_is_forbidden; }
bool launcher_allows_losses() {
  for (char const* name : {"MUSTER_SUPERVISOR", "OMPI_MCA_orte_enable_recovery", "PRTE_MCA_prte_enable_recovery"})
    if (std::getenv(name) != nullptr) return true;
  return false;
}
bool must_leave_at_once() { return finalize_is_forbidden; }

void finish_mpi() noexcept {
  if (finalize_is_forbidden) {
    log::debug("MPI is not finalized: a rank was lost or messages are still under way");
    return;
  }
  int is_finalized = 0;
  MPI_Finalized(&is_finalized);
  if (!is_finalized && MPI_Finalize() != MPI_SUCCESS) log::warn("MPI_Finalize failed");
}

bool is_mpi_launched() {
  // Not SLURM_PROCID: a batch script has it without any MPI.
  for (char const* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (std::getenv(name) != nullptr) return true;
  return false;
}

}  // namespace muster::comm
