#include "orchestrator/roll_call.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "core/text.hpp"

namespace muster::orchestrator {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds poll_patience{100};
/// For the ranks not heard yet, once one is known to have died or stopped.
constexpr std::chrono::seconds patience_after_a_loss{10};

std::string name_of(std::size_t rank, worker::Presence const& presence) {
  return fmt::format("rank {} on {}", rank, printable(presence.facts.host));
}

std::string_view value_of(worker::Software const& software, std::string const& what) {
  auto const found = std::find_if(software.begin(), software.end(), [&](auto const& one) { return one.first == what; });
  return found == software.end() ? "none" : std::string_view(found->second);
}

}  // namespace

RollCall::RollCall(comm::Transport& transport, worker::Presence mine)
    : transport_(transport),
      ranks_(static_cast<std::size_t>(transport.size())),
      is_heard_(ranks_.size(), false),
      is_answered_(ranks_.size(), false) {
  ranks_[0] = std::move(mine);
  is_heard_[0] = is_answered_[0] = true;
}

bool RollCall::is_everyone_heard() const {
  return std::all_of(is_heard_.begin(), is_heard_.end(), [](bool is_heard) { return is_heard; });
}

void RollCall::take(comm::Envelope const& message) {
  auto const rank = static_cast<std::size_t>(message.from);
  is_heard_[rank] = true;  // also when it makes no sense: it waits for an answer
  try {
    worker::WireReader in(message.body);
    auto const header = worker::decode_header(in);
    MUSTER_ASSERT(header.type == worker::MessageType::present, "a message of type {} before the job",
                  static_cast<int>(header.type));
    ranks_[rank] = worker::decode_presence(in, fmt::format("rank {}", rank));
  } catch (Error const& error) {
    throw Error(error.code(), fmt::format("from rank {}: {}", rank, error.what()), error.retry());
  }
}

void RollCall::hear(std::chrono::seconds patience, std::atomic<bool> const* stop_requested) {
  for (auto const deadline = Clock::now() + patience; !is_everyone_heard() && Clock::now() < deadline;) {
    if (stop_requested != nullptr && *stop_requested)
      throw_error(Exit::stopped, "stopped on request before anything was computed; run it again");
    take_news();
    // The others that can still speak do so by then.
    if (lost_one_at_ && Clock::now() - *lost_one_at_ > patience_after_a_loss) break;
    if (auto const message = transport_.poll(poll_patience)) take(*message);
  }
  lose_silent(patience);
}

void RollCall::take_news() {
  for (auto const& one : transport_.take_news()) {
    news_.push_back(one);
    if (!lost_one_at_) lost_one_at_ = Clock::now();
    if (one.fate == comm::Fate::dead) lose(static_cast<std::size_t>(one.rank));  // the run tells it
  }
}

void RollCall::lose(std::size_t rank) {
  transport_.mark_lost(static_cast<int>(rank));
  ranks_.at(rank).reset();
  is_heard_[rank] = is_answered_[rank] = true;
}

void RollCall::lose_silent(std::chrono::seconds patience) {
  auto const waited = lost_one_at_ ? patience_after_a_loss : patience;
  for (std::size_t rank = 1; rank < ranks_.size(); ++rank) {
    if (is_heard_[rank]) continue;
    log::warn("rank {} said nothing within {} s (its machine or its devices do not answer); the run goes on without it", rank,
              waited.count());
    lose(rank);
    news_.push_back({static_cast<int>(rank), comm::Fate::silent, 0, 0});
  }
}

void RollCall::assign(int rank, worker::Assignment const& assignment) {
  auto const at = static_cast<std::size_t>(rank);
  MUSTER_ASSERT(is_heard_.at(at), "rank {} was not heard", rank);
  if (is_answered_[at]) return;
  is_answered_[at] = true;
  transport_.send(rank, worker::encode({worker::MessageType::assign, 0, 1, 1}, assignment));
}

void RollCall::dismiss(Exit verdict, std::string const& reason, std::chrono::seconds patience) noexcept {
  try {
    worker::Assignment leave;
    leave.verdict = verdict;
    leave.reason = reason;
    auto const answer_heard = [&] {
      for (std::size_t rank = 1; rank < ranks_.size(); ++rank)
        if (is_heard_[rank]) assign(static_cast<int>(rank), leave);
    };
    answer_heard();
    for (auto const deadline = Clock::now() + patience; !is_everyone_heard() && Clock::now() < deadline; answer_heard())
      // Whatever it says: it waits for an answer.
      if (auto const message = transport_.poll(poll_patience)) is_heard_[static_cast<std::size_t>(message->from)] = true;
    lose_silent(patience);
  } catch (std::exception const& fault) {
    log::warn("other ranks could not be told to leave: {}", fault.what());
  }
}

void check_software(std::vector<std::optional<worker::Presence>> const& ranks) {
  auto const& own = *ranks.front();
  for (std::size_t rank = 1; rank < ranks.size(); ++rank) {
    if (!ranks[rank]) continue;
    for (auto const& [what, value] : own.software) {
      auto const other = value_of(ranks[rank]->software, what);
      MUSTER_REQUIRE_ENV(other == value,
                         "{} has {} {}, {} has {} (ranks that differ may compute other bits, or not understand each other); "
                         "install the same muster and the same libraries on every host", name_of(rank, *ranks[rank]), what,
                         printable(other), name_of(0, own), printable(value));
    }
  }
}

}  // namespace muster::orchestrator
