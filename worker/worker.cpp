#include "worker/worker.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/log.hpp"
#include "core/sha256.hpp"
#include "worker/fp_environment.hpp"
#include "worker/protocol.hpp"

namespace muster::worker {
namespace {

using Clock = std::chrono::steady_clock;
/// To rank 0 and not acknowledged by it; signs of life and questions wait then.
constexpr std::uint64_t unacknowledged_limit = 8;
/// Results are sent together up to about this size.
constexpr std::size_t results_bytes = 1 << 20;
constexpr std::chrono::seconds flush_limit{10};
/// Times 1, 4, 9, ... up to the heartbeat.
constexpr std::chrono::milliseconds first_hello_again{20};

/// Leases so long leave time for an answer that comes late.
constexpr double calm_lease_s = 0.1;

class Worker {
 public:
  Worker(comm::Transport& transport, WorkerOptions const& options)
      : transport_(transport), options_(options), heard_(Clock::now()), sent_at_(heard_) {}

  WorkerOutcome run() {
    say_hello();
    while (!is_stopped_) {
      send_what_is_done();
      send_news();
      send_signs_of_life();
      take_messages();
      check_patience();
    }
    if (!outcome_.is_root_lost && !is_orphan_) say_goodbye();
    return outcome_;
  }

 private:
  Header next_header(MessageType type) {
    acknowledged_ = received_;
    return {type, epoch_, ++sequence_, received_};
  }
  void send(Bytes body) {
    transport_.send(0, std::move(body));
    sent_at_ = Clock::now();
  }

  /// Again while nobody answers: the first may have met rank 0 at the end of another run.
  void say_hello() {
    send(encode(next_header(MessageType::hello),
                Hello{options_.build.muster_version, options_.build.arithmetic_version,
                      transport_.host(), describe(options_.consumption)}));
    silence_ =
        std::min<Clock::duration>(options_.heartbeat, first_hello_again * sequence_ * sequence_);
  }

  void send_what_is_done() {
    while (consumers_ && consumers_->take(event_))
      std::visit([this](auto& event) { on(event); }, event_);
    flush_results();
  }
  void on(Started& started) {
    preferred_tiles_ = std::max(preferred_tiles_, started.preferred_tiles);
    if (++consumers_ready_ < consumers_->count()) return;
    send(encode(next_header(MessageType::ready),
                Ready{job_hash_, job_->slots(), consumers_->count(), preferred_tiles_, consumers_->cards()}));
  }
  void on(Result& result) {
    if (result.ahead) return on_joint(result);
    outcome_.tiles += result.range.count;
    ++outcome_.leases;
    lease_s_ = result.seconds;
    outbox_bytes_ += 8 * result.sums.size() + 16 * result.digests.size();
    outbox_.push_back(std::move(result));
    if (outbox_bytes_ >= results_bytes) flush_results();
  }
  /// Rank 0 has come there as well.
  void on_joint(Result& result) {
    // Not where rank 0 has meanwhile brought it elsewhere.
    if (result.lease == joint_lease_) consumers_->enter(carry_ = std::move(result.ahead));
    on(Dropped{result.lease, result.digests.size(), result.seconds});
    consumers_->recycle(std::move(result));
  }
  void on(Failure& failure) {
    flush_results();
    send(encode(next_header(MessageType::failure), failure));
  }
  void on(Dropped const& dropped) {
    outcome_.tiles += dropped.tiles;
    flush_results();
    send(encode(next_header(MessageType::dropped), dropped));
  }
  void on(DeviceUse const&) {
    flush_results();
    send(encode(next_header(MessageType::memory), consumers_->device_use()));
  }
  void flush_results() {
    if (outbox_.empty()) return;
    send(encode_results(next_header(MessageType::results), outbox_));
    for (Result& result : outbox_) consumers_->recycle(std::move(result));
    outbox_.clear();
    outbox_bytes_ = 0;
  }

  /// What this rank's machine saw happen to others, which rank 0 may not see itself.
  void send_news() {
    auto news = std::exchange(early_news_, {});
    auto const latest = transport_.take_news();
    news.insert(news.end(), latest.begin(), latest.end());
    if (news.empty()) return;
    for (comm::RankNews const& one : news)
      if (one.rank == 0 && one.fate == comm::Fate::dead) return on_root_dead();
    send(encode_news(next_header(MessageType::news), news));
  }
  /// Nobody is left to compute for; whoever starts the run again goes on from its last save.
  void on_root_dead() {
    is_stopped_ = outcome_.is_root_lost = true;
    outcome_.verdict = Exit::stopped;
    outcome_.reason = "rank 0 has died";
    transport_.note_loss();
    if (consumers_) consumers_->drop_queued();
  }

  /// Its launcher ends it because the supervisor has gone on without it, on another machine maybe. Rank 0 answers
  /// within a second where the run is to stop in good order.
  void leave_alone() {
    is_stopped_ = is_orphan_ = true;
    outcome_.verdict = Exit::stopped;
    outcome_.reason = "asked to end, and rank 0 is silent";
    transport_.note_loss();
    if (consumers_) consumers_->drop_queued();
  }
  bool is_left_alone(Clock::time_point now) {
    if (options_.end_signs == nullptr) return false;
    if (auto const signs = options_.end_signs->load(); std::exchange(end_signs_seen_, signs) != signs) asked_at_ = now;
    if (asked_at_ && heard_ > *asked_at_) asked_at_.reset();
    return asked_at_ && now - *asked_at_ >= options_.orphan_limit;
  }

  void send_signs_of_life() {
    if (sequence_ - acknowledged_by_root_ >= unacknowledged_limit) return;
    bool const is_hungry = is_working() && consumers_->held() < consumers_->count();
    if (is_hungry && received_ > acknowledged_)
      send(encode(next_header(MessageType::ask)));
    else if (Clock::now() - sent_at_ < silence_)
      return;
    else if (received_ == 0)
      say_hello();
    else
      send(encode(next_header(MessageType::alive)));
  }
  bool is_working() const { return consumers_ && consumers_ready_ == consumers_->count(); }

  /// Every consumer has work for a while, so what rank 0 may say can wait a little.
  bool is_calm() const {
    return is_working() && consumers_->held() >= consumers_->count() && lease_s_ >= calm_lease_s;
  }
  void take_messages() {
    auto const until_heartbeat = silence_ - (Clock::now() - sent_at_);
    // At least 1 ms: a heartbeat held back by the limit must not become a spin.
    auto const patience = std::max<Clock::duration>(until_heartbeat, std::chrono::milliseconds{1});
    transport_.set_pace(is_calm() ? comm::Pace::calm : comm::Pace::eager);
    auto message = transport_.poll(std::chrono::ceil<std::chrono::microseconds>(patience));
    for (; message && !is_stopped_; message = transport_.poll(std::chrono::microseconds{0}))
      if (message->from == 0) handle(message->body);
  }
  void handle(Bytes const& body) {
    WireReader in(body);
    Header const header = decode_header(in);
    received_ = std::max(received_, header.sequence);
    acknowledged_by_root_ = std::max(acknowledged_by_root_, header.acknowledged);
    silence_ = options_.heartbeat;
    act_on(header, in);
    // Only now: building a job may take longer than the silence limit.
    heard_ = Clock::now();
  }
  void act_on(Header const& header, WireReader& in) {
    switch (header.type) {
      case MessageType::welcome:
        return on_welcome(header, decode_welcome(in));
      case MessageType::work:
        return on_work(header, in);
      case MessageType::noted:
        return expect_end(in);
      case MessageType::stop:
        return on_stop(decode_stop(in));
      default:
        throw_error(Exit::bug,
                    "rank 0 sent a message of type {} (only ranks send those); please report it",
                    static_cast<int>(header.type));
    }
  }
  void on_welcome(Header const& header, Welcome const& welcome) {
    if (job_) return;
    epoch_ = header.epoch;
    started_at_ = Clock::now();
    try {
      job_hash_ = sha256_hex(welcome.job.text);
      job_ = options_.make_job(welcome.job);
      MUSTER_ASSERT(job_ != nullptr, "job kind {}", welcome.job.kind);
      consumers_.emplace(*job_, options_.consumption, [this] { transport_.wake(); }, Company::others, options_.rendezvous);
    } catch (Error const& error) {
      send(encode(
          next_header(MessageType::failure),
          Failure{0, error.code(), error.retry(), describe(options_.consumption), error.what()}));
    }
  }
  void on_work(Header const& header, WireReader& in) {
    decode_work(in, step_, leases_, drops_, joint_);
    // Of an earlier life of rank 0: it counts on nobody computing these.
    if (header.epoch != epoch_ || !is_working()) return;
    consumers_->drop(drops_);
    take_step();
    if (joint_) {
      joint_lease_ = leases_.front().id;
      consumers_->push_joint(leases_.front(), std::move(*joint_));
    } else
      consumers_->push(leases_);
  }
  /// To the stage of the leases that come with it.
  void take_step() {
    auto const* steps = job_->steps();
    if (steps == nullptr) return;
    // What is carried is computed on this thread.
    set_default_fp_environment();
    int const threads = host_threads(options_.consumption);
    if (!carry_ && step_.by != Step::By::snapshot) consumers_->enter(carry_ = steps->first(threads));
    if (step_.by == Step::By::none) return;
    joint_lease_ = 0;
    carry_ = step_.by == Step::By::sums ? steps->next(carry_, step_.words, threads) : steps->decode(step_.words, threads);
    consumers_->enter(carry_);
  }
  void on_stop(Stop stop) {
    is_stopped_ = true;
    outcome_.verdict = stop.verdict;
    outcome_.reason = std::move(stop.reason);
    if (stop.has_losses) transport_.note_loss();
    if (!consumers_) return;
    consumers_->drop_queued();
    if (!options_.consumption.accelerators.empty())
      send(encode(next_header(MessageType::memory), consumers_->device_use()));
  }

  void check_patience() {
    auto const now = Clock::now();
    if (is_left_alone(now)) return leave_alone();
    MUSTER_REQUIRE_ENV(
        now - heard_ < options_.silence_limit,
        "rank 0 has been silent for {:.0f} s (it has stopped or the network has); run again "
        "to resume from the last commit",
        std::chrono::duration<double>(now - heard_).count());
    bool const is_starting = consumers_ && !is_working();
    MUSTER_REQUIRE_ENV(
        !is_starting || now - started_at_ < options_.start_limit,
        "{} of {} compute threads were ready after {:.0f} s (a device does not answer); check "
        "the devices of {}",
        consumers_ready_, consumers_->count(),
        std::chrono::duration<double>(now - started_at_).count(), transport_.host());
  }
  void say_goodbye() {
    send(encode(next_header(MessageType::bye)));
    auto const deadline = Clock::now() + flush_limit;
    while (transport_.unsent() > 0 && Clock::now() < deadline)
      transport_.poll(std::chrono::milliseconds{1});
    if (transport_.unsent() > 0) log::warn("rank 0 did not take this rank's last messages");
  }

  comm::Transport& transport_;
  WorkerOptions const& options_;
  WorkerOutcome outcome_;
  std::vector<comm::RankNews> early_news_ = options_.early_news;
  bool is_stopped_ = false, is_orphan_ = false;

  std::uint32_t epoch_ = 0;
  std::uint64_t sequence_ = 0;      // of my last message
  std::uint64_t received_ = 0;      // sequence of rank 0's last message
  std::uint64_t acknowledged_ = 0;  // what of that I have told rank 0
  std::uint64_t acknowledged_by_root_ = 0;
  Clock::time_point heard_, sent_at_, started_at_;
  unsigned end_signs_seen_ = 0;
  std::optional<Clock::time_point> asked_at_;  // to end, and rank 0 not heard since
  Clock::duration silence_{};  // then comes a sign of life

  std::string job_hash_;
  std::shared_ptr<jobs::Job const> job_;
  std::uint64_t preferred_tiles_ = 1;
  std::uint32_t consumers_ready_ = 0;
  double lease_s_ = 0;  // the last one took
  ConsumerEvent event_;
  Step step_;
  std::vector<Lease> leases_;
  std::vector<std::uint64_t> drops_;
  std::optional<Joint> joint_;
  std::uint64_t joint_lease_ = 0;  // the last one, while it may say where this rank is
  jobs::CarryPtr carry_;
  std::vector<Result> outbox_;
  std::size_t outbox_bytes_ = 0;
  std::optional<Consumers> consumers_;  // last: joined before anything it uses goes
};

}  // namespace

std::chrono::milliseconds heartbeat_of(int ranks) { return std::chrono::milliseconds{std::clamp(ranks, 250, 1000)}; }

WorkerOutcome run_worker(comm::Transport& transport, WorkerOptions const& options) {
  MUSTER_ASSERT(transport.rank() != 0 && options.make_job,
                "a worker is not rank 0 and can build jobs");
  return Worker(transport, options).run();
}

}  // namespace muster::worker
