// Words of CUDA for a compiler of CPUs: a block of threads as fibers of one thread, which take turns at every call that
// threads make together. It shows what device code computes, and where threads do not meet; never how fast.
#pragma once

#include <ucontext.h>

#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#define __device__
#define __host__
#define __global__

struct int2 {
  int x, y;
};
struct uint2 {
  unsigned x, y;
};
struct float4 {
  float x, y, z, w;
};
struct double2 {
  double x, y;
};

namespace muster::testing {

/// A call that all threads of a warp, or of the block, make together.
enum class Meeting : std::uint8_t { sync, any, up, swap, pick, block_sync, block_any };

/// Threads of one block, of several warps. They run in turn, forwards and backwards, so that a value read before it is
/// written shows.
class EmulatedBlock {
 public:
  explicit EmulatedBlock(int warps) : lanes_(static_cast<std::size_t>(warps) * 32), warps_(static_cast<std::size_t>(warps)) {}

  /// Runs `body(thread)` on every thread; false where some wait for others that never come.
  bool run(std::function<void(int)> const& body) {
    current() = this;
    body_ = &body;
    for (std::size_t i = 0; i < lanes_.size(); ++i) begin(i);
    while (left_ > 0 && good_) take_turns();
    current() = nullptr;
    return good_;
  }

  static EmulatedBlock*& current() {
    static EmulatedBlock* block = nullptr;
    return block;
  }

  /// Of the running thread: gives `mine`, waits for the 32 of its warp, and returns where theirs lie.
  std::uint64_t const* meet(Meeting kind, std::uint64_t mine) { return meet_in(warps_[running_ / 32], running_ % 32, 32, kind, mine); }
  std::uint64_t const* meet_all(Meeting kind, std::uint64_t mine) { return meet_in(whole_, running_, lanes_.size(), kind, mine); }
  int lane() const { return static_cast<int>(running_ % 32); }
  std::size_t threads() const { return lanes_.size(); }

 private:
  static constexpr std::size_t stack_bytes = 256 * 1024;

  struct Lane {
    ucontext_t context{};
    std::unique_ptr<char[]> stack = std::make_unique<char[]>(stack_bytes);
    bool is_done = false;
  };

  /// Threads that meet: what they gave, by turns, since some still read when others give again.
  struct Room {
    std::vector<std::uint64_t> given[2];
    std::size_t arrived = 0;
    std::uint64_t meetings = 0;
    Meeting kind = Meeting::sync;
  };

  void begin(std::size_t i) {
    Lane& lane = lanes_[i];
    getcontext(&lane.context);
    lane.context.uc_stack.ss_sp = lane.stack.get();
    lane.context.uc_stack.ss_size = stack_bytes;
    lane.context.uc_link = &home_;
    makecontext(&lane.context, &EmulatedBlock::enter, 0);
    ++left_;
  }

  static void enter() {
    EmulatedBlock& block = *current();
    (*block.body_)(static_cast<int>(block.running_));
    block.lanes_[block.running_].is_done = true;
    --block.left_;
    ++block.progress_;
  }

  void take_turns() {
    std::uint64_t const before = progress_;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      running_ = forwards_ ? i : lanes_.size() - 1 - i;
      if (!lanes_[running_].is_done) swapcontext(&home_, &lanes_[running_].context);
    }
    forwards_ = !forwards_;
    good_ = good_ && progress_ != before;
  }

  std::uint64_t const* meet_in(Room& room, std::size_t place, std::size_t size, Meeting kind, std::uint64_t mine) {
    std::uint64_t const meeting = room.meetings;
    std::vector<std::uint64_t>& given = room.given[meeting % 2];
    given.resize(size);
    given[place] = mine;
    if (room.arrived == 0) room.kind = kind;
    good_ = good_ && room.kind == kind;
    ++progress_;
    if (++room.arrived == size) {
      room.arrived = 0;
      ++room.meetings;
    }
    while (room.meetings == meeting) swapcontext(&lanes_[running_].context, &home_);
    return given.data();
  }

  std::vector<Lane> lanes_;
  std::vector<Room> warps_;
  Room whole_;
  ucontext_t home_{};
  std::function<void(int)> const* body_ = nullptr;
  std::size_t running_ = 0;
  std::size_t left_ = 0;
  std::uint64_t progress_ = 0;
  bool forwards_ = true;
  bool good_ = true;
};

template <class U>
std::uint64_t to_word(U value) {
  if constexpr (sizeof(U) == 8)
    return std::bit_cast<std::uint64_t>(value);
  else
    return std::bit_cast<std::uint32_t>(value);
}
template <class U>
U from_word(std::uint64_t word) {
  if constexpr (sizeof(U) == 8)
    return std::bit_cast<U>(word);
  else
    return std::bit_cast<U>(static_cast<std::uint32_t>(word));
}

/// The value of another lane of the warp.
template <class U>
U value_of(Meeting kind, U mine, int lane) {
  return from_word<U>(EmulatedBlock::current()->meet(kind, to_word(mine))[lane]);
}

}  // namespace muster::testing

inline void __syncwarp() { muster::testing::EmulatedBlock::current()->meet(muster::testing::Meeting::sync, 0); }
inline void __syncthreads() { muster::testing::EmulatedBlock::current()->meet_all(muster::testing::Meeting::block_sync, 0); }

inline int __any_sync(unsigned, bool mine) {
  std::uint64_t const* const all = muster::testing::EmulatedBlock::current()->meet(muster::testing::Meeting::any, mine ? 1 : 0);
  bool any = false;
  for (int i = 0; i < 32; ++i) any = any || all[i] != 0;
  return any ? 1 : 0;
}
inline int __syncthreads_or(bool mine) {
  auto& block = *muster::testing::EmulatedBlock::current();
  std::uint64_t const* const all = block.meet_all(muster::testing::Meeting::block_any, mine ? 1 : 0);
  bool any = false;
  for (std::size_t i = 0; i < block.threads(); ++i) any = any || all[i] != 0;
  return any ? 1 : 0;
}

template <class U>
U __shfl_xor_sync(unsigned, U mine, int offset) {
  using namespace muster::testing;
  return value_of(Meeting::swap, mine, EmulatedBlock::current()->lane() ^ offset);
}
template <class U>
U __shfl_up_sync(unsigned, U mine, unsigned offset, int width) {
  using namespace muster::testing;
  int const lane = EmulatedBlock::current()->lane(), from = lane - static_cast<int>(offset);
  return value_of(Meeting::up, mine, from >= lane / width * width ? from : lane);
}
template <class U>
U __shfl_sync(unsigned, U mine, int of, int width) {
  using namespace muster::testing;
  return value_of(Meeting::pick, mine, EmulatedBlock::current()->lane() / width * width + of);
}

template <class U>
U atomicAdd(U* at, U value) {
  U const before = *at;
  *at += value;
  return before;
}

template <class U>
U atomicMin(U* at, U value) {
  U const before = *at;
  *at = before < value ? before : value;
  return before;
}
template <class U>
U atomicOr(U* at, U value) {
  U const before = *at;
  *at |= value;
  return before;
}
inline void __threadfence() {}

inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline int __clzll(long long x) { return std::countl_zero(static_cast<unsigned long long>(x)); }
inline int __popc(unsigned x) { return std::popcount(x); }
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by) { return by == 0 ? high : high << by | low >> (32 - by); }
inline int __dp2a_lo(int pair, int bytes, int sum) {
  auto const half = [&](int i) { return static_cast<int>(static_cast<std::int16_t>(pair >> 16 * i)); };
  auto const byte = [&](int i) { return static_cast<int>(static_cast<std::int8_t>(bytes >> 8 * i)); };
  return sum + half(0) * byte(0) + half(1) * byte(1);
}
inline double __longlong_as_double(std::int64_t x) { return std::bit_cast<double>(x); }
inline std::int64_t __double_as_longlong(double x) { return std::bit_cast<std::int64_t>(x); }
template <class U>
U __ldg(U const* at) {
  return *at;
}
