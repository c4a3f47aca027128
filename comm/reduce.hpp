// Sums of int64 arrays over all ranks, to all ranks: in process, MPI (host memory) and NCCL (device
// memory).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "comm/transport.hpp"

namespace muster::comm {

/// How long a rank waits for the others of its group, and what else ends its wait.
struct Patience {
  std::chrono::milliseconds deadline;
  std::function<bool()> is_over = {};  ///< asked again and again; empty: never
};

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
  /// Retry::may_help) naming the call when not all ranks came within the deadline, the wait was over
  /// or a rank was lost; the group is void then.
  void sum(std::int64_t* values, std::size_t count, std::chrono::milliseconds deadline) {
    begin(values, count);
    finish({deadline, {}});
  }
  /// The two halves of it, for groups that are to work side by side: nobody touches `values` between them.
  virtual void begin(std::int64_t* values, std::size_t count) = 0;
  virtual void finish(Patience const& patience) = 0;
  /// As sum(), of a few words that lie on the host.
  virtual void sum_words(std::span<std::int64_t> words, Patience const& patience) {
    begin(words.data(), words.size());
    finish(patience);
  }
  /// "in-process", "MPI", "NCCL 2.27".
  virtual std::string describe() const = 0;
};

/// How processes find each other to reduce among themselves.
class Rendezvous {
 public:
  virtual ~Rendezvous() = default;
  /// A new group's name, to be handed to its members by any means. Each of them has so many devices.
  virtual Bytes invite(int devices) = 0;
  /// Collective over the members: this one's ends of the groups of the first devices, the second ones, ... `devices` are
  /// ordinals of this process. Throws as Reducer::sum does.
  virtual std::vector<std::unique_ptr<Reducer>> join(Bytes const& name, int rank, int size, std::span<int const> devices,
                                                     Patience const& patience) = 0;
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

/// Groups that reduce over NCCL; null in a build without it. Lives for ever.
Rendezvous* nccl_rendezvous();

}  // namespace muster::comm
