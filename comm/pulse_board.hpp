// Memory shared by the ranks of one machine, in which each shows that it runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace muster::comm {

/// A slot for each rank of the machine. The memory has no name in any file system: it is gone with
/// the last rank, however that ends.
class PulseBoard {
 public:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> beats{0};     ///< counted up by its rank's watch
    std::atomic<std::uint32_t> has_left{0};  ///< its rank ends in good order
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  /// nullopt where the system gives no such memory, or the other process may not be looked into.
  static std::optional<PulseBoard> create(int slots);
  static std::optional<PulseBoard> open(pid_t creator, int fd, int slots);
  ~PulseBoard();
  PulseBoard(PulseBoard&& other) noexcept;
  PulseBoard& operator=(PulseBoard&& other) noexcept;

  /// Of the creator, for open().
  int fd() const { return fd_; }
  Slot& slot(int index) { return slots_[index]; }

 private:
  PulseBoard(int fd, Slot* slots, int count) : fd_(fd), slots_(slots), count_(count) {}
  static std::optional<PulseBoard> map(int fd, int slots);

  int fd_;
  Slot* slots_;
  int count_;
};

}  // namespace muster::comm
