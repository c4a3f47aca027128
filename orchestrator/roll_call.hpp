// Rank 0 before there is a job: hears what every rank is, and tells each what to compute with.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "comm/transport.hpp"
#include "worker/roll_call.hpp"

namespace muster::orchestrator {

/// Pull only: each rank sends one message and gets one in answer, so nothing waits in a rank's queue that it
/// has not asked for.
class RollCall {
 public:
  RollCall(comm::Transport& transport, worker::Presence mine);

  /// Waits until every rank was heard, at most for `patience` and a moment only for one of which the machine's
  /// watch says that it died or was stopped; a rank that is silent then is lost to the transport and named in a
  /// warning. Throws Error for a message that cannot be, and (Exit::stopped) when
  /// `stop_requested` is set on the way.
  void hear(std::chrono::seconds patience, std::atomic<bool> const* stop_requested = nullptr);

  /// By rank; nothing for one that was not heard.
  std::vector<std::optional<worker::Presence>> const& ranks() const { return ranks_; }

  /// What the machine's watch said meanwhile, for the run that follows.
  std::vector<comm::RankNews> const& news() const { return news_; }

  /// Answers a rank that was heard; once.
  void assign(int rank, worker::Assignment const& assignment);
  /// Sends every rank away that was not answered yet, waiting for those not heard yet. Never throws.
  void dismiss(Exit verdict, std::string const& reason, std::chrono::seconds patience) noexcept;

 private:
  bool is_everyone_heard() const;
  void take(comm::Envelope const& message);
  void take_news();
  void lose(std::size_t rank);
  void lose_silent(std::chrono::seconds patience);

  comm::Transport& transport_;
  std::vector<std::optional<worker::Presence>> ranks_;
  std::vector<bool> is_heard_, is_answered_;
  std::vector<comm::RankNews> news_;
  std::optional<std::chrono::steady_clock::time_point> lost_one_at_;
};

/// Refuses ranks whose software is not rank 0's. Throws Error (Exit::environment) naming the first difference.
void check_software(std::vector<std::optional<worker::Presence>> const& ranks);

}  // namespace muster::orchestrator
