// Ranks as threads of one process: one inbox a rank.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "comm/backoff.hpp"
#include "comm/transport.hpp"
#include "core/error.hpp"
#include "core/process.hpp"

namespace muster::comm {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::microseconds spin_before_wait{3};

class Inbox {
 public:
  void put(Envelope message) {
    std::unique_lock lock(mutex_);
    messages_.push_back(std::move(message));
    signal(lock);
  }
  void wake() {
    std::unique_lock lock(mutex_);
    woken_ = true;
    signal(lock);
  }
  std::optional<Envelope> take(std::chrono::microseconds patience) {
    auto const start = Clock::now();
    while (!has_news_.load(std::memory_order_acquire) && Clock::now() - start < spin_before_wait)
      relax_cpu();
    std::unique_lock lock(mutex_);
    sleeps_ = true;
    arrived_.wait_until(lock, start + patience, [this] { return woken_ || !messages_.empty(); });
    sleeps_ = woken_ = false;
    if (messages_.empty()) {
      has_news_.store(false, std::memory_order_relaxed);
      return std::nullopt;
    }
    Envelope message = std::move(messages_.front());
    messages_.pop_front();
    has_news_.store(!messages_.empty(), std::memory_order_relaxed);
    return message;
  }

 private:
  void signal(std::unique_lock<std::mutex>& lock) {
    has_news_.store(true, std::memory_order_release);
    bool const notify = sleeps_;
    lock.unlock();
    if (notify) arrived_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Envelope> messages_;
  std::atomic<bool> has_news_ = false;
  bool woken_ = false;
  bool sleeps_ = false;
};

using Inboxes = std::vector<Inbox>;

class InProcessTransport : public Transport {
 public:
  InProcessTransport(std::shared_ptr<Inboxes> inboxes, int rank)
      : inboxes_(std::move(inboxes)), rank_(rank), lost_(inboxes_->size(), false) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(inboxes_->size()); }
  void send(int to, Bytes body) override {
    MUSTER_ASSERT(to >= 0 && to < size(), "rank {} of {}", to, size());
    MUSTER_ASSERT(body.size() <= max_message_bytes, "a message of {} bytes", body.size());
    if (!lost_[to]) (*inboxes_)[to].put({rank_, std::move(body)});
  }
  std::optional<Envelope> poll(std::chrono::microseconds patience) override {
    auto message = (*inboxes_)[rank_].take(patience);
    if (message && lost_[message->from]) return std::nullopt;
    return message;
  }
  void wake() override { (*inboxes_)[rank_].wake(); }
  void mark_lost(int rank) override { lost_.at(rank) = true; }
  std::size_t unsent() const override { return 0; }
  std::string describe() const override { return "in-process"; }
  std::string host() const override {
    return host_name();
  }

 private:
  std::shared_ptr<Inboxes> inboxes_;
  int rank_;
  std::vector<bool> lost_;
};

}  // namespace

std::vector<std::unique_ptr<Transport>> make_in_process(int ranks) {
  MUSTER_ASSERT(ranks >= 1, "{} ranks", ranks);
  auto inboxes = std::make_shared<Inboxes>(ranks);
  std::vector<std::unique_ptr<Transport>> ends;
  for (int rank = 0; rank < ranks; ++rank)
    ends.push_back(std::make_unique<InProcessTransport>(inboxes, rank));
  return ends;
}

}  // namespace muster::comm
