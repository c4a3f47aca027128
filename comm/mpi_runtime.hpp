// MPI's life in this process, and how its calls fail. Inside comm/ only: no other room includes
// mpi.h.
#pragma once

#include <mpi.h>

namespace muster::comm {

/// Throws Error (Exit::environment) naming the call and MPI's own words.
void check_mpi(int code, char const* call);

/// MPI_Init_thread once; throws Error (Exit::environment) when MPI refuses, lacks
/// MPI_THREAD_FUNNELED or was finalized already.
void start_mpi();
/// Something can never complete (a lost rank, a void collective): finish_mpi() will not call
/// MPI_Finalize.
void forbid_mpi_finalize();
bool is_mpi_finalize_forbidden();
/// Does the launcher let the other ranks live when one is lost (mpirun --enable-recovery, --with-ft ulfm)?
bool launcher_allows_losses();
/// MPI_Finalize, unless forbidden; collective. Never throws.
void finish_mpi() noexcept;

}  // namespace muster::comm

/// Around every MPI call.
#define MUSTER_MPI(call) ::muster::comm::check_mpi((call), #call)
