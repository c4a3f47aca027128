// Sums of int64 arrays over all ranks, to all ranks: in process, MPI (host memory) and NCCL (device
// memory).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace muster::comm {

/// One rank's end of a reduction group. Integer addition wraps around, so that no order of ranks or
/// links can change a bit.
class Reducer {
 public:
  enum class Memory { host, cuda };

  virtual ~Reducer() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Where sum()'s array has to lie.
  virtual Memory memory() const = 0;
  /// Collective: every rank calls it with the same count, in the same order of calls. Replaces
  /// `values` by their sums over the ranks; complete on return. Throws Error (Exit::environment,
  /// Retry::may_help) naming the call when not all ranks came within the deadline or a rank was
  /// lost; the group is void then.
  virtual void sum(std::int64_t* values, std::size_t count, std::chrono::milliseconds deadline) = 0;
  /// "in-process", "MPI", "NCCL 2.27".
  virtual std::string describe() const = 0;
};

/// n connected reducers for n threads of one process.
std::vector<std::unique_ptr<Reducer>> make_in_process_reducers(int ranks);

/// Over MPI_COMM_WORLD, on a communicator of its own; collective. Needs a living make_mpi()
/// transport and the thread that uses it.
std::unique_ptr<Reducer> make_mpi_reducer();

/// What rank 0 hands to the others, by any means, so that they find each other.
using NcclId = std::array<std::byte, 128>;

/// True when this build has NCCL.
bool has_nccl();
/// Throws Error (Exit::environment) in a build without NCCL.
NcclId make_nccl_id();
/// Collective over `size` ranks. `device` is a CUDA ordinal of this process. Throws Error
/// (Exit::environment): no NCCL in this build, no such device, not all ranks there within the
/// deadline.
std::unique_ptr<Reducer> make_nccl_reducer(NcclId const& id, int rank, int size, int device,
                                           std::chrono::milliseconds deadline);

}  // namespace muster::comm
