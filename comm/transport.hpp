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

/// The largest message a transport carries (a receiver allocates what a header claims).
inline constexpr std::size_t max_message_bytes = std::size_t{1} << 30;

/// Point-to-point messages of one rank. One thread of a rank uses it (MPI_THREAD_FUNNELED), wake()
/// apart. Delivery between two ranks is in order. Nothing here waits for ever. Every function but
/// wake() throws Error (Exit::environment) when the transport itself fails.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Hands the message over and returns; completion is driven by poll(). Throws Error (Exit::bug)
  /// for a rank that does not exist or a body above max_message_bytes. A rank may send to itself.
  virtual void send(int to, Bytes body) = 0;
  /// The next message, waiting up to `patience` for one (idle waiting sleeps: under 1 % of a core).
  virtual std::optional<Envelope> poll(std::chrono::microseconds patience) = 0;
  /// Makes a poll() that waits, or the next one, return early. Any thread may call it.
  virtual void wake() = 0;
  /// That rank will not be heard again: nothing more is sent to it, what it still sends is dropped,
  /// and MPI is not finalized at the end (MPI_Finalize hangs after a loss).
  virtual void mark_lost(int rank) = 0;
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
/// The transport over MPI_COMM_WORLD; one at a time in a process. MPI_Init_thread on first use;
/// throws Error (Exit::environment) when MPI refuses. MPI_Finalize at destruction (a collective
/// call: every rank destroys its own), unless a rank was lost or messages are still under way.
std::unique_ptr<Transport> make_mpi();

}  // namespace muster::comm
