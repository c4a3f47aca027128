#include "comm/failures.hpp"

#if defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5
#include <mpi-ext.h>
#endif

#include <numeric>

namespace muster::comm {

#ifdef OMPI_HAVE_MPI_EXT_FTMPI

bool is_rank_failure(int code) {
  if (code == MPI_SUCCESS) return false;
  int error_class = code;
  MPI_Error_class(code, &error_class);
  return error_class == MPIX_ERR_PROC_FAILED || error_class == MPIX_ERR_PROC_FAILED_PENDING || error_class == MPIX_ERR_REVOKED;
}

std::vector<int> acknowledge_failures(MPI_Comm comm) {
  MPI_Group failed = MPI_GROUP_NULL, all = MPI_GROUP_NULL;
  if (MPIX_Comm_failure_ack(comm) != MPI_SUCCESS || MPIX_Comm_failure_get_acked(comm, &failed) != MPI_SUCCESS) return {};
  int count = 0;
  MUSTER_MPI(MPI_Group_size(failed, &count));
  std::vector<int> places(static_cast<std::size_t>(count)), ranks(places.size());
  std::iota(places.begin(), places.end(), 0);
  MUSTER_MPI(MPI_Comm_group(comm, &all));
  MUSTER_MPI(MPI_Group_translate_ranks(failed, count, places.data(), all, ranks.data()));
  MPI_Group_free(&failed);
  MPI_Group_free(&all);
  return ranks;
}

MPI_Comm survivors_of(MPI_Comm comm) {
  MPI_Comm living = MPI_COMM_NULL;
  // Those still inside a call on the old one are to come here too.
  MPIX_Comm_revoke(comm);
  MUSTER_MPI(MPIX_Comm_shrink(comm, &living));
  return living;
}

#else

bool is_rank_failure(int) { return false; }
std::vector<int> acknowledge_failures(MPI_Comm) { return {}; }
MPI_Comm survivors_of(MPI_Comm) { return MPI_COMM_NULL; }

#endif

}  // namespace muster::comm
