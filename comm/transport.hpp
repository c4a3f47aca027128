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

/// What became of a rank, as its own machine sees it.
enum class Fate : std::uint8_t {
  dead = 1,     ///< its process is gone
  stopped = 2,  ///< by a signal or a debugger; it may go on one day
  silent = 3,   ///< it shows no sign of life
};
struct RankNews {
  int rank = 0;
  Fate fate = Fate::dead;
  int signal = 0;                        ///< that killed it; 0 = not known
  std::uint64_t out_of_memory_kills = 0;  ///< in this cgroup since the run began
};

/// The largest message a transport carries (a receiver allocates what a header claims).
inline constexpr std::size_t max_message_bytes = std::size_t{1} << 30;

/// How a wait for messages is spent: `eager` sees an answer within microseconds; `calm` within some 20 ms, for less CPU
/// time, where nobody waits for one.
enum class Pace { eager, calm };

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
  /// Of the waits from now on.
  virtual void set_pace(Pace /*pace*/) {}
  /// Makes a poll() that waits, or the next one, return early. Any thread may call it.
  virtual void wake() = 0;
  /// That rank will not be heard again: nothing more is sent to it, what it still sends is dropped,
  /// and MPI is not finalized at the end (MPI_Finalize hangs after a loss).
  virtual void mark_lost(int rank) = 0;
  /// What became known of ranks of this machine since the last time, beside the messages; wake()s
  /// poll(). Of all ranks of a machine one gets it, the lowest alive; news of rank 0 go to all.
  virtual std::vector<RankNews> take_news() { return {}; }
  /// From here on the end of this rank is in good order, and no news.
  virtual void note_leaving() {}
  /// At the very end, on the rank that gets the news: kills the machine's ranks that do not leave
  /// within the limit, stopped ones at once. Returns how many.
  virtual int end_leftovers(std::chrono::milliseconds /*limit*/) { return 0; }
  /// Some rank was lost: this one will not call MPI_Finalize.
  virtual void note_loss() {}
  /// After the loss of rank 0: those that live go on among themselves with new ranks, where MPI can do that
  /// (ULFM). Messages under way are lost. Collective over the living; false where it cannot be done.
  virtual bool rebuild() { return false; }
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
/// After a loss MPI is not finalized, and a process that has not done so must not run its exit handlers.
bool must_leave_at_once();

}  // namespace muster::comm
