#include "comm/node_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/error.hpp"

namespace muster::comm {

NodeWatch::NodeWatch(std::vector<Neighbour> neighbours, int own_rank, std::optional<PulseBoard> board,
                     std::function<void()> wake, std::function<void()> leave, WatchRules rules)
    : own_rank_(own_rank),
      board_(std::move(board)),
      wake_(std::move(wake)),
      leave_(std::move(leave)),
      rules_(rules),
      stop_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      kills_before_(out_of_memory_kills()) {
  MUSTER_REQUIRE_ENV(stop_fd_ >= 0, "eventfd was refused (too many open files?); raise `ulimit -n`");
  for (int slot = 0; slot < static_cast<int>(neighbours.size()); ++slot) {
    auto const& neighbour = neighbours[static_cast<std::size_t>(slot)];
    if (neighbour.rank == own_rank)
      own_slot_ = slot;
    else
      others_.push_back({neighbour.rank, slot, ProcessHandle(neighbour.process), 0, 0, false, std::nullopt});
  }
  thread_ = std::thread([this] { run(); });
}

NodeWatch::~NodeWatch() {
  std::uint64_t const one = 1;
  // An eventfd takes a write unless it is full, and then it is readable anyway.
  [[maybe_unused]] auto const written = ::write(stop_fd_, &one, sizeof one);
  thread_.join();
  ::close(stop_fd_);
}

void NodeWatch::run() {
  for (;;) {
    wait_for_events();
    pollfd stop{stop_fd_, POLLIN, 0};
    if (::poll(&stop, 1, 0) > 0) return;
    auto const beat = beats_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (board_) board_->slot(own_slot_).beats.store(beat, std::memory_order_relaxed);
    auto const limit = mpi_limit_.load(std::memory_order_relaxed);
    if (limit != 0 && beat > limit) leave_();
    {
      std::lock_guard lock(mutex_);
      look_for_deaths();
      look_for_stops();
    }
    if (std::exchange(has_more_news_, false)) wake_();
  }
}

/// Until the next beat, or a death.
void NodeWatch::wait_for_events() {
  std::vector<pollfd> polled{{stop_fd_, POLLIN, 0}};
  {
    std::lock_guard lock(mutex_);
    for (auto const& other : others_)
      if (!other.is_dead && other.handle.fd() >= 0) polled.push_back({other.handle.fd(), POLLIN, 0});
  }
  ::poll(polled.data(), polled.size(), static_cast<int>(rules_.beat.count()));
}

bool NodeWatch::has_left(Watched const& watched) {
  return board_ && board_->slot(watched.slot).has_left.load(std::memory_order_acquire) != 0;
}

void NodeWatch::look_for_deaths() {
  for (auto& other : others_) {
    if (other.is_dead || !other.handle.is_dead()) continue;
    other.is_dead = true;
    if (other.rank == 0 && is_finalizing_) leave_();
    if (!has_left(other)) tell(other, Fate::dead);
  }
}

/// By the lowest rank alive, for all.
void NodeWatch::look_for_stops() {
  if (!board_ || !is_reporter_locked()) return;
  for (auto& other : others_)
    if (!other.is_dead && !has_left(other)) look_at(other);
}

void NodeWatch::look_at(Watched& watched) {
  auto const beats = board_->slot(watched.slot).beats.load(std::memory_order_relaxed);
  if (beats != watched.beats_seen) {
    watched.beats_seen = beats;
    watched.beats_missed = 0;
    watched.told.reset();
    return;
  }
  ++watched.beats_missed;
  if (watched.told || watched.beats_missed < rules_.look_after_beats) return;
  if (state_of(watched.handle.process()) == ProcessState::stopped)
    tell(watched, Fate::stopped);
  else if (watched.beats_missed >= rules_.silent_after_beats)
    tell(watched, Fate::silent);
}

void NodeWatch::tell(Watched& watched, Fate fate) {
  watched.told = fate;
  int const signal = fate == Fate::dead ? watched.handle.fatal_signal() : 0;
  news_.push_back({watched.rank, fate, signal, out_of_memory_kills() - kills_before_});
  has_more_news_ = true;
}

bool NodeWatch::is_reporter_locked() const {
  return std::none_of(others_.begin(), others_.end(),
                      [this](Watched const& other) { return !other.is_dead && other.rank < own_rank_; });
}

std::vector<RankNews> NodeWatch::take_news() {
  std::lock_guard lock(mutex_);
  if (is_reporter_locked()) return std::exchange(news_, {});
  std::vector<RankNews> of_root;
  std::copy_if(news_.begin(), news_.end(), std::back_inserter(of_root), [](RankNews const& news) { return news.rank == 0; });
  std::erase_if(news_, [](RankNews const& news) { return news.rank == 0; });
  return of_root;
}

void NodeWatch::note_leaving() {
  if (board_) board_->slot(own_slot_).has_left.store(1, std::memory_order_release);
}

void NodeWatch::wait_for_root(std::chrono::milliseconds limit) {
  auto const deadline = std::chrono::steady_clock::now() + limit;
  auto const is_root_alive = [this] {
    std::lock_guard lock(mutex_);
    return std::any_of(others_.begin(), others_.end(),
                       [](Watched const& other) { return other.rank == 0 && !other.handle.is_dead(); });
  };
  while (is_root_alive() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
}

int NodeWatch::end_leftovers(std::chrono::milliseconds limit) {
  auto const deadline = std::chrono::steady_clock::now() + limit;
  int killed = 0;
  for (;;) {
    bool const is_late = std::chrono::steady_clock::now() >= deadline;
    bool is_waiting = false;
    {
      std::lock_guard lock(mutex_);
      if (!is_reporter_locked()) return killed;
      for (auto& other : others_) {
        if (other.is_dead || other.handle.is_dead()) continue;
        bool const is_stopped = state_of(other.handle.process()) == ProcessState::stopped;
        if (has_left(other) && !is_stopped) continue;
        if (is_late || is_stopped)
          killed += other.handle.kill() ? 1 : 0;
        else
          is_waiting = true;
      }
    }
    if (!is_waiting) return killed;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

}  // namespace muster::comm
