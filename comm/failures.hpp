// What MPI itself says of failed ranks: Open MPI 5 under `mpirun --with-ft ulfm` does, others never. Inside
// comm/ only.
#pragma once

#include <vector>

#include "comm/mpi_runtime.hpp"

namespace muster::comm {

/// Does this code say that a rank has failed, rather than MPI?
bool is_rank_failure(int code);
/// The ranks of `comm` that have failed so far; takes note of them, so that receiving from any rank
/// goes on.
std::vector<int> acknowledge_failures(MPI_Comm comm);
/// A communicator of those that live, in their order; MPI_COMM_NULL where MPI cannot make one.
/// Collective over the living.
MPI_Comm survivors_of(MPI_Comm comm);

}  // namespace muster::comm
