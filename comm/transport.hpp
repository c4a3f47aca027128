// Messages between ranks: in-process queues or MPI, behind one interface.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::comm {

using Bytes = std::vector<std::byte>;

struct Envelope {
  int from = 0;
  Bytes body;
};

/// Point-to-point messages of one rank. One thread of a rank uses it (MPI_THREAD_FUNNELED).
/// Delivery between two ranks is in order. Nothing here waits for ever.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Hands the message over and returns; completion is driven by poll().
  virtual void send(int to, Bytes body) = 0;
  /// The next message, waiting up to `patience` for one (idle waiting sleeps: under 1 % of a core).
  virtual std::optional<Envelope> poll(std::chrono::microseconds patience) = 0;
  /// Messages sent and not yet known to have left.
  virtual std::size_t unsent() const = 0;
  /// "in-process", "Open MPI 4.1.4".
  virtual std::string describe() const = 0;
  /// Host this rank runs on.
  virtual std::string host() const = 0;
};

/// n connected transports for n ranks in one process.
std::vector<std::unique_ptr<Transport>> make_in_process(int ranks);

/// True when this process was started by mpirun or srun (their environment variables are set).
bool is_mpi_launched();
/// MPI_Init_thread on first use; throws Error (Exit::environment) when MPI refuses. MPI_Finalize at destruction.
std::unique_ptr<Transport> make_mpi();

}  // namespace muster::comm
