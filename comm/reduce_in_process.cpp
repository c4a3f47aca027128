// Reductions between threads of one process.
#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "comm/reduce.hpp"
#include "core/error.hpp"

namespace muster::comm {
namespace {

/// Whether a wait is over is to be asked for.
constexpr std::chrono::milliseconds look_again{1};

/// One sum at a time: all add, then all copy, then the next may begin.
class Round {
 public:
  explicit Round(int ranks) : ranks_(ranks) {}

  void sum(std::int64_t* values, std::size_t count, Patience const& patience) {
    std::unique_lock lock(mutex_);
    Wait const until{std::chrono::steady_clock::now() + patience.deadline, patience};
    wait(lock, until, [this] { return !is_copying_; });
    add(values, count);
    if (++arrived_ == ranks_) {
      is_copying_ = true;
      changed_.notify_all();
    }
    wait(lock, until, [this] { return is_copying_; });
    std::copy_n(sums_.begin(), count, values);
    if (--arrived_ > 0) return;
    is_copying_ = false;
    changed_.notify_all();
  }

 private:
  struct Wait {
    std::chrono::steady_clock::time_point until;
    Patience const& patience;
    bool is_over() const { return patience.is_over && patience.is_over(); }
  };
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, Wait const& wait, Condition condition) {
    auto const is_ended = [&] { return is_void_ || condition() || wait.is_over(); };
    while (!is_ended() && std::chrono::steady_clock::now() < wait.until)
      changed_.wait_until(lock, wait.patience.is_over ? std::min(wait.until, std::chrono::steady_clock::now() + look_again) : wait.until);
    if (!is_void_ && condition()) return;
    is_void_ = true;
    changed_.notify_all();
    throw Error(
        Exit::environment,
        fmt::format("a sum over {} ranks saw {} of them in time (one has stopped or failed); run "
                    "again to resume",
                    ranks_, arrived_),
        Retry::may_help);
  }
  void add(std::int64_t const* values, std::size_t count) {
    if (arrived_ == 0) sums_.assign(count, 0);
    if (sums_.size() != count) {
      is_void_ = true;
      changed_.notify_all();
    }
    MUSTER_ASSERT(sums_.size() == count, "one rank sums {} values, another {}", sums_.size(),
                  count);
    for (std::size_t i = 0; i < count; ++i) sums_[i] += static_cast<std::uint64_t>(values[i]);
  }

  int const ranks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::uint64_t> sums_;
  int arrived_ = 0;
  bool is_copying_ = false;
  bool is_void_ = false;
};

class InProcessReducer : public Reducer {
 public:
  InProcessReducer(std::shared_ptr<Round> round, int rank, int size)
      : round_(std::move(round)), rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  Memory memory() const override { return Memory::host; }
  void begin(std::int64_t* values, std::size_t count) override { values_ = {values, count}; }
  void finish(Patience const& patience) override { round_->sum(values_.data(), values_.size(), patience); }
  std::string describe() const override { return "in-process"; }

 private:
  std::shared_ptr<Round> round_;
  int rank_;
  int size_;
  std::span<std::int64_t> values_;
};

}  // namespace

std::vector<std::unique_ptr<Reducer>> make_in_process_reducers(int ranks) {
  MUSTER_ASSERT(ranks >= 1, "{} ranks", ranks);
  auto round = std::make_shared<Round>(ranks);
  std::vector<std::unique_ptr<Reducer>> ends;
  for (int rank = 0; rank < ranks; ++rank)
    ends.push_back(std::make_unique<InProcessReducer>(round, rank, ranks));
  return ends;
}

}  // namespace muster::comm
