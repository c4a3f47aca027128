// Messages over MPI: matched probes, non-blocking receives and sends with owned buffers.
#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "comm/backoff.hpp"
#include "comm/failures.hpp"
#include "comm/mpi_runtime.hpp"
#include "comm/mpi_watch.hpp"
#include "comm/transport.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/process.hpp"

namespace muster::comm {
namespace {

using Clock = Backoff::Clock;
constexpr int message_tag = 1;
constexpr std::chrono::seconds receive_deadline{60};
constexpr std::chrono::seconds closing_deadline{5};
/// After a loss: for the others of this machine to leave, and for rank 0 to write its results.
constexpr std::chrono::seconds leftovers_limit{10};
constexpr std::chrono::minutes root_limit{30};

struct Transfer {
  int peer = 0;
  Bytes body;
  MPI_Request request = MPI_REQUEST_NULL;
  Clock::time_point started;
  bool complete = false;
};

/// While data is moving only polling moves it on, so sleeps stay short.
constexpr std::chrono::microseconds busy_sleep{50}, calm_busy_sleep{1'000};

/// A stretch in which only MPI's own code runs.
class InMpi {
 public:
  explicit InMpi(NodeWatch* watch) : watch_(watch) {
    if (watch_ != nullptr) watch_->enter_mpi();
  }
  ~InMpi() {
    if (watch_ != nullptr) watch_->leave_mpi();
  }
  InMpi(InMpi const&) = delete;
  InMpi& operator=(InMpi const&) = delete;

 private:
  NodeWatch* watch_;
};

class MpiTransport : public Transport {
 public:
  MpiTransport();
  ~MpiTransport() override;
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void send(int to, Bytes body) override;
  std::optional<Envelope> poll(std::chrono::microseconds patience) override;
  void set_pace(Pace pace) override {
    pace_ = pace;
    backoff_.set_pace(pace);
  }
  void wake() override { backoff_.wake(); }
  void mark_lost(int rank) override;
  std::size_t unsent() const override;
  std::string describe() const override;
  std::string host() const override;
  std::vector<RankNews> take_news() override;
  bool rebuild() override;
  void note_leaving() override {
    if (watch_) watch_->note_leaving();
  }
  int end_leftovers(std::chrono::milliseconds limit) override {
    return watch_ ? watch_->end_leftovers(limit) : 0;
  }
  void note_loss() override { forbid_mpi_finalize(); }

 private:
  void leave_after_a_loss();
  void progress();
  void progress_sends();
  void match_arrivals();
  void progress_receives();
  std::optional<Envelope> take_complete();
  bool is_busy() const;
  void adopt(MPI_Comm comm);
  bool is_done(Transfer& transfer);
  void note_failures();

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  Pace pace_ = Pace::eager;
  Backoff backoff_;
  std::deque<Envelope> to_self_;
  std::deque<Transfer> sends_;
  std::deque<Transfer> receives_;  // in order of arrival
  std::vector<bool> lost_;
  std::vector<bool> failed_;               // as MPI says
  std::vector<RankNews> news_;             // of them, not taken yet
  std::deque<std::deque<Transfer>> dropped_;  // of earlier communicators: MPI may still hold their buffers
  std::unique_ptr<NodeWatch> watch_;  // null where ranks of a machine cannot see each other
};

MpiTransport::MpiTransport() {
  start_mpi();
  MPI_Comm own = MPI_COMM_NULL;
  MUSTER_MPI(MPI_Comm_dup(MPI_COMM_WORLD, &own));
  adopt(own);
}

void MpiTransport::adopt(MPI_Comm comm) {
  comm_ = comm;
  MUSTER_MPI(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
  MUSTER_MPI(MPI_Comm_rank(comm_, &rank_));
  MUSTER_MPI(MPI_Comm_size(comm_, &size_));
  lost_.assign(size_, false);
  failed_.assign(size_, false);
  watch_ = watch_machine(comm_, [this] { wake(); });
}

bool MpiTransport::rebuild() {
  constexpr int attempts = 8;  // another rank may be lost on the way
  forbid_mpi_finalize();
  watch_.reset();
  dropped_.push_back(std::exchange(sends_, {}));
  dropped_.push_back(std::exchange(receives_, {}));
  to_self_.clear();
  news_.clear();
  for (int attempt = 1;; ++attempt) {
    try {
      MPI_Comm const living = survivors_of(comm_);
      if (living == MPI_COMM_NULL) return false;
      adopt(living);
      return true;
    } catch (Error const& error) {
      if (attempt == attempts) throw;
      log::info("the ranks that live try again to find each other: {}", error.what());
    }
  }
}

std::vector<RankNews> MpiTransport::take_news() {
  auto news = std::exchange(news_, {});
  if (!watch_) return news;
  auto const seen = watch_->take_news();
  news.insert(news.end(), seen.begin(), seen.end());
  return news;
}

/// Rank 0 hears of every failure from its own MPI; others need to know of rank 0's alone.
void MpiTransport::note_failures() {
  for (int const rank : acknowledge_failures(comm_)) {
    if (failed_[rank]) continue;
    failed_[rank] = true;
    if (rank_ == 0 || rank == 0) news_.push_back({rank, Fate::dead, 0, 0});
  }
  if (!news_.empty()) backoff_.wake();
}

/// Of a failed peer it never will be: it is dropped.
bool MpiTransport::is_done(Transfer& transfer) {
  int done = 0;
  int const code = MPI_Test(&transfer.request, &done, MPI_STATUS_IGNORE);
  if (!is_rank_failure(code)) {
    MUSTER_MPI(code);
    return done != 0;
  }
  note_failures();
  lost_[transfer.peer] = lost_[transfer.peer] || failed_[transfer.peer];
  return true;
}

MpiTransport::~MpiTransport() {
  note_leaving();
  try {
    auto const deadline = Clock::now() + closing_deadline;
    for (backoff_.restart(); unsent() > 0 && Clock::now() < deadline;) {
      progress_sends();
      backoff_.pause(deadline, busy_sleep);
    }
    if (!sends_.empty() || !receives_.empty()) forbid_mpi_finalize();
    if (is_mpi_finalize_forbidden()) leave_after_a_loss();
    if (watch_) watch_->enter_finalize();
    if (!is_mpi_finalize_forbidden()) MUSTER_MPI(MPI_Comm_free(&comm_));
  } catch (...) {
    // Its message would only repeat what the run's own error says; finish_mpi() logs the
    // consequence.
    forbid_mpi_finalize();
  }
  finish_mpi();
}

/// Ranks that will not leave by themselves are killed. A launcher without recovery takes the end of a rank that has
/// not finalized MPI for a failure and kills the others, so nobody goes before rank 0.
void MpiTransport::leave_after_a_loss() {
  if (rank_ != 0 && !launcher_allows_losses() && watch_) watch_->wait_for_root(root_limit);
  end_leftovers(leftovers_limit);
}

void MpiTransport::send(int to, Bytes body) {
  MUSTER_ASSERT(to >= 0 && to < size_, "rank {} of {}", to, size_);
  MUSTER_ASSERT(body.size() <= max_message_bytes, "a message of {} bytes", body.size());
  if (lost_[to]) return;
  if (to == rank_) {
    to_self_.push_back({rank_, std::move(body)});
    return;
  }
  InMpi const guard(watch_.get());
  progress_sends();
  backoff_.restart();
  // A moved vector keeps its buffer, and deque elements do not move: MPI reads from it until
  // complete.
  Transfer& transfer =
      sends_.emplace_back(Transfer{to, std::move(body), MPI_REQUEST_NULL, Clock::now()});
  int const code = MPI_Isend(transfer.body.data(), static_cast<int>(transfer.body.size()), MPI_BYTE, to, message_tag,
                             comm_, &transfer.request);
  if (!is_rank_failure(code)) return MUSTER_MPI(code);
  transfer.complete = true;
  note_failures();
}

void MpiTransport::progress_sends() {
  for (Transfer& transfer : sends_) {
    if (transfer.complete) continue;
    transfer.complete = is_done(transfer);
    if (transfer.complete) Bytes().swap(transfer.body);
  }
  while (!sends_.empty() && sends_.front().complete) sends_.pop_front();
}

void MpiTransport::match_arrivals() {
  for (;;) {
    int found = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    int const code = MPI_Improbe(MPI_ANY_SOURCE, message_tag, comm_, &found, &message, &status);
    if (is_rank_failure(code)) return note_failures();
    MUSTER_MPI(code);
    if (!found) return;
    int count = 0;
    MUSTER_MPI(MPI_Get_count(&status, MPI_BYTE, &count));
    MUSTER_ASSERT(count >= 0 && static_cast<std::size_t>(count) <= max_message_bytes,
                  "a message of {} bytes from rank {}", count, status.MPI_SOURCE);
    Transfer& transfer = receives_.emplace_back(
        Transfer{status.MPI_SOURCE, Bytes(count), MPI_REQUEST_NULL, Clock::now()});
    int const received = MPI_Imrecv(transfer.body.data(), count, MPI_BYTE, &message, &transfer.request);
    if (!is_rank_failure(received)) {
      MUSTER_MPI(received);
      continue;
    }
    receives_.pop_back();
    return note_failures();
  }
}

void MpiTransport::progress_receives() {
  auto const oldest_allowed = Clock::now() - receive_deadline;
  for (Transfer& transfer : receives_) {
    if (transfer.complete) continue;
    transfer.complete = is_done(transfer);
    if (transfer.complete || lost_[transfer.peer]) continue;
    MUSTER_REQUIRE_ENV(
        transfer.started > oldest_allowed,
        "a message of {} bytes from rank {} did not arrive within {} s of its announcement "
        "(that rank or the network has stopped); run again to resume",
        transfer.body.size(), transfer.peer, receive_deadline.count());
  }
}

std::optional<Envelope> MpiTransport::take_complete() {
  if (!to_self_.empty()) {
    Envelope message = std::move(to_self_.front());
    to_self_.pop_front();
    return message;
  }
  for (auto at = receives_.begin(); at != receives_.end(); ++at) {
    // A rank's messages stay in order: a short one does not overtake a long one still arriving.
    if (!at->complete || std::any_of(receives_.begin(), at, [&](Transfer const& earlier) {
          return earlier.peer == at->peer;
        }))
      continue;
    Envelope message{at->peer, std::move(at->body)};
    receives_.erase(at);
    if (lost_[message.from]) return take_complete();
    return message;
  }
  return std::nullopt;
}

void MpiTransport::progress() {
  InMpi const guard(watch_.get());
  progress_sends();
  match_arrivals();
  progress_receives();
}

std::optional<Envelope> MpiTransport::poll(std::chrono::microseconds patience) {
  auto const until = Clock::now() + patience;
  for (;;) {
    progress();
    auto message = take_complete();
    // A wait goes on over several polls: only an event brings the fast pace back.
    bool const is_woken = backoff_.take_wake();
    if (message || is_woken) backoff_.restart();
    if (message || is_woken || Clock::now() >= until) return message;
    if (is_busy())
      backoff_.pause(until, pace_ == Pace::calm ? calm_busy_sleep : busy_sleep);
    else
      backoff_.pause(until);
  }
}

void MpiTransport::mark_lost(int rank) {
  lost_.at(rank) = true;
  forbid_mpi_finalize();
}

bool MpiTransport::is_busy() const {
  return unsent() > 0 ||
         std::any_of(receives_.begin(), receives_.end(),
                     [this](Transfer const& transfer) { return !lost_[transfer.peer]; });
}

std::size_t MpiTransport::unsent() const {
  return std::count_if(sends_.begin(), sends_.end(), [this](Transfer const& transfer) {
    return !transfer.complete && !lost_[transfer.peer];
  });
}

std::string MpiTransport::describe() const {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MUSTER_MPI(MPI_Get_library_version(text.data(), &length));
  std::string const version(text.data(), length);
  return version.substr(0, version.find_first_of(",\n"));
}

std::string MpiTransport::host() const {
  return host_name();
}

}  // namespace

std::unique_ptr<Transport> make_mpi() { return std::make_unique<MpiTransport>(); }

}  // namespace muster::comm
