#include "tests/orchestrator/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <deque>
#include <limits>
#include <memory>
#include <numeric>
#include <set>

#include "orchestrator/joint.hpp"
#include "tests/orchestrator/mock_job.hpp"

namespace muster::test {
namespace {

using namespace orchestrator;
using worker::MessageType;

constexpr double leave_grace_s = 10;
constexpr double tick_s = 0.1;
constexpr double never = std::numeric_limits<double>::infinity();

struct Message {
  Message(MessageType of_type) : type(of_type) {}
  Message(MessageType of_type, Lease lease, double in_seconds)
      : type(of_type), leases{lease}, seconds(in_seconds) {}
  MessageType type;
  std::uint64_t sequence = 0, acknowledged = 0;
  std::vector<Lease> leases;
  double seconds = 0;
  std::uint64_t end = 0;  ///< of a joint lease's result: tiles before it are done
};

/// What ranks have to carry to compute a stage's tiles: of a stage, and of the job's length at the time.
using Carried = std::pair<std::uint64_t, unsigned>;

/// Ranks that compute from a stage on together.
struct Meeting {
  Carried from;
  std::vector<int> ranks;
  std::vector<Lease> leases;  ///< of each
  std::uint64_t next;         ///< the stage that they are at
  std::set<int> here;
  bool is_broken = false;  ///< one has left: the others wait to be told
};

struct Running {
  Lease lease;
  double ends_at = 0;
  double seconds = 0;
  bool is_dropped = false;  ///< ends after the tiles its lease has now
};

/// A rank as worker/worker.cpp behaves, without bytes and threads.
struct SimulatedRank {
  bool is_dead = false;
  double paused_until = 0;
  double seconds_per_tile = 0.05;
  std::uint32_t consumers = 1;
  std::uint32_t busy = 0;
  std::deque<Lease> queue;
  std::map<std::uint64_t, Running> running;  // by lease
  double first_work_at = never;
  std::uint64_t sequence = 0, received = 0, acknowledged = 0;
  bool is_ready = false, is_stopped = false;
  Carried carried;
  std::uint64_t joint_lease = 0;  ///< as in worker/worker.cpp
  std::deque<std::function<void()>> inbox;  ///< messages come in order
  double last_arrival = 0;
};

/// One life of rank 0, from a start or a save to its end or kill.
class Life {
 public:
  Life(SimulationPlan const& plan, std::mt19937_64& random, std::optional<Saved> saved,
       SimulationReport& report)
      : plan_(plan), random_(random), report_(report) {
    state_ = make_state(plan.ranks, plan.stages, 1, saved, plan.settings);
    state_.has_steps = state_.may_meet = plan.meets;
    state_.is_joint = is_joint(state_.stage);
    is_committed_.resize(plan.stages.back());
    for (TileRange range : state_.committed.ranges())
      for (auto tile = range.first; tile < range.end(); ++tile) is_committed_[tile] = true;
    sum_ = saved ? saved->sums.at(0) : 0;
    report_.over_s = never;
    last_save_ = snapshot();
    ranks_.resize(plan.ranks);
    for (int rank = 0; rank < plan.ranks; ++rank) set_up(rank);
    schedule(tick_s, [this] { tick(); });
    if (plan.misfortune.kind != Misfortune::Kind::none) {
      struck_ = static_cast<int>(random_() % ranks_.size());
      // Rank 0 is never lost: that is the end of its life.
      if (plan.misfortune.kind == Misfortune::Kind::lost && struck_ == 0) struck_ = plan.ranks - 1;
      schedule(plan.misfortune.at_s, [this] { strike(); });
    }
  }

  /// Empty: over. Otherwise the save to resume from.
  std::optional<Saved> live() {
    constexpr int most_events = 10'000'000;
    for (int events = 0; events < most_events && report_.violation.empty(); ++events) {
      if (state_.phase != Phase::over) over_since_ = now_;
      if (state_.phase == Phase::over &&
          (has_everyone_left(state_) || now_ - over_since_ > leave_grace_s))
        return finish();
      if (queue_.empty()) break;
      Scheduled next = queue_.top();
      queue_.pop();
      now_ = std::max(now_, next.at);
      ++report_.events;
      next.action();
      if (chance(plan_.jump_chance)) {
        now_ += 30 * uniform();
        ++report_.faults;
      }
      if (state_.phase == Phase::judging) judge();
      if (events % plan_.check_every == 0) check();
      if (state_.phase == Phase::over) {
        report_.over_s = std::min(report_.over_s, now_);
        continue;
      }
      if (chance(0.02)) last_save_ = snapshot();
      if (chance(plan_.stop_chance)) on_stop_requested(state_, now_, actions_), carry_out();
      if (!chance(plan_.kill_chance)) continue;
      ++report_.faults;
      return last_save_;
    }
    violate("the run did not end");
    return std::nullopt;
  }

 private:
  struct Scheduled {
    double at;
    std::uint64_t order;
    std::function<void()> action;
    bool operator<(Scheduled const& other) const {
      return std::pair(at, order) > std::pair(other.at, other.order);
    }
  };

  double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  bool chance(double probability) { return probability > 0 && uniform() < probability; }
  void violate(std::string what) {
    if (report_.violation.empty()) report_.violation = fmt::format("{} (at {:.2f} s)", what, now_);
  }
  void schedule(double in_s, std::function<void()> action) {
    queue_.push({now_ + in_s, ++order_, std::move(action)});
  }
  Saved snapshot() {
    Saved saved = to_save(state_);
    saved.sums = {sum_};
    return saved;
  }

  void set_up(int rank) {
    SimulatedRank& own = ranks_[rank];
    own.consumers = plan_.meets ? 1 : 1 + random_() % 3;
    own.seconds_per_tile = plan_.fastest_s * (1 + (plan_.spread - 1) * uniform()) *
                           (rank > 0 && chance(plan_.slow_chance) ? 100 : 1);
    initial_rates_.push_back(own.consumers / own.seconds_per_tile);
    if (rank > 0 && chance(plan_.loss_chance))
      schedule(10 * uniform(), [this, rank] { die(rank); });
    if (rank > 0 && chance(plan_.pause_chance))
      schedule(10 * uniform(), [this, rank] { pause(rank); });
    if (rank == 0) {
      schedule(0.01, [this] {
        on_hello(state_, 0, "root");
        on_ready(state_, 0, ranks_[0].consumers, 1 + random_() % 4, plan_.meets ? 1 : 0, now_);
        answer(state_, 0, now_, actions_);
        carry_out();
      });
      return;
    }
    schedule(uniform(), [this, rank] { from_rank(rank, MessageType::hello); });
    heartbeat(rank);
  }
  void die(int rank) {
    ranks_[rank].is_dead = true;
    ++report_.faults;
    if (chance(plan_.watch_chance)) tell_root({rank, comm::Fate::dead, SIGKILL, 0});
  }
  void pause(int rank) {
    ranks_[rank].paused_until = now_ + 5 + 60 * uniform();
    ++report_.faults;
    if (chance(plan_.watch_chance)) tell_root({rank, comm::Fate::stopped, 0, 0});
  }
  /// Twice at times: two ranks of a machine may both believe that they report.
  void tell_root(comm::RankNews news) {
    for (int copies = chance(plan_.double_chance) ? 2 : 1; copies > 0; --copies)
      schedule(0.02 + uniform() * plan_.most_delay_s, [this, news] {
        bool const is_over = news.fate != comm::Fate::dead && ranks_[news.rank].paused_until <= now_;
        if (is_over) return;
        on_news(state_, news, now_, actions_);
        carry_out();
      });
  }
  /// Whether a message of a rank's start or end: the transport loses none, and nobody repeats these.
  static bool is_vital(MessageType type) {
    return type == MessageType::hello || type == MessageType::ready || type == MessageType::bye;
  }
  void heartbeat(int rank) {
    schedule(plan_.heartbeat_s, [this, rank] {
      if (ranks_[rank].is_dead || ranks_[rank].is_stopped) return;
      if (awake(rank, [] {}) && ranks_[rank].is_ready) from_rank(rank, MessageType::alive);
      heartbeat(rank);
    });
  }
  /// Runs now, or when the rank's pause ends; returns whether now.
  bool awake(int rank, std::function<void()> action) {
    SimulatedRank const& own = ranks_[rank];
    if (own.is_dead) return false;
    if (own.paused_until <= now_) {
      action();
      return true;
    }
    schedule(own.paused_until - now_ + 0.001, [this, rank, action] { awake(rank, action); });
    return false;
  }

  // --- rank -> rank 0
  void from_rank(int rank, Message message) {
    SimulatedRank& own = ranks_[rank];
    message.sequence = ++own.sequence;
    message.acknowledged = own.acknowledged = own.received;
    if (!is_vital(message.type) && chance(plan_.drop_chance)) {
      ++report_.faults;
      return;
    }
    bool const is_doubled = chance(plan_.double_chance);
    report_.faults += is_doubled ? 1 : 0;
    for (int copies = is_doubled ? 2 : 1; copies > 0; --copies)
      schedule(uniform() * plan_.most_delay_s, [this, rank, message] { at_root(rank, message); });
  }
  void at_root(int rank, Message const& message) {
    if (state_.ranks[rank].is_lost) return;  // the transport drops what a lost rank still sends
    if (message.sequence < state_.ranks[rank].heard) ++report_.faults;
    on_heard(state_, rank, message.sequence, message.acknowledged, now_);
    switch (message.type) {
      case MessageType::hello:
        on_hello(state_, rank, fmt::format("node{}", rank));
        break;
      case MessageType::ready:
        on_ready(state_, rank, ranks_[rank].consumers, 1 + random_() % 4, plan_.meets ? 1 : 0, now_);
        break;
      case MessageType::results:
        take_result(rank, message);
        break;
      case MessageType::dropped:
        on_dropped(state_, rank, state_.epoch, dropped_by(message));
        break;
      case MessageType::failure:
        on_failure(
            state_, rank, state_.epoch,
            {message.leases[0].id, Exit::environment, Retry::may_help, "CPU", "a cosmic ray"}, now_,
            actions_);
        break;
      case MessageType::alive:
        on_alive(state_, rank);
        break;
      case MessageType::bye:
        on_bye(state_, rank);
        break;
      default:
        break;
    }
    answer(state_, rank, now_, actions_);
    carry_out();
  }
  static worker::Dropped dropped_by(Message const& message) {
    return {message.leases[0].id, message.leases[0].range.count, message.seconds};
  }
  void take_result(int rank, Message const& message) {
    Lease const& lease = message.leases[0];
    if (message.end == 0 && chance(0.05)) {
      // What another life's rank would send, and one who lies about its range.
      if (on_result(state_, rank, state_.epoch - 1, lease.id, lease.range, 1) != Merge::refuse)
        violate("a result of an earlier epoch was committed");
      if (on_result(state_, rank, state_.epoch, lease.id,
                    {lease.range.first + 1, lease.range.count}, 1) != Merge::refuse)
        violate("a result of other tiles was committed");
    }
    if (on_result(state_, rank, state_.epoch, lease.id, lease.range, message.seconds) ==
        Merge::refuse)
      return;
    if (message.end > 0) on_ran_ahead(state_, 0, message.end, message.seconds);
    for (auto tile = lease.range.first; tile < std::max(lease.range.end(), message.end); ++tile) {
      if (is_committed_[tile]) violate(fmt::format("tile {} was committed twice", tile));
      is_committed_[tile] = true;
      sum_ += mock_value(tile, 0);
    }
  }

  // --- rank 0 -> rank
  void carry_out() {
    if (!actions_.remarks.empty() && report_.quiet_s == 0) report_.quiet_s = now_ - plan_.misfortune.at_s;
    for (Answer const& to_do : actions_.answers)
      if (to_do.joint) invite(to_do, actions_.leases[to_do.first_lease]);
    for (Answer const& to_do : actions_.answers) {
      std::vector<Lease> const leases(
          actions_.leases.begin() + static_cast<std::ptrdiff_t>(to_do.first_lease),
          actions_.leases.begin() +
              static_cast<std::ptrdiff_t>(to_do.first_lease + to_do.lease_count));
      for (Lease const& lease : leases)
        if (lease.range.count == 0 || lease.range.end() > state_.stage_end() ||
            lease.range.count > plan_.settings.max_tiles_per_lease)
          violate(fmt::format("a lease of tiles {} + {} overruns", lease.range.first,
                              lease.range.count));
      send_to(to_do, leases,
              {actions_.drops.begin() + static_cast<std::ptrdiff_t>(to_do.first_drop),
               actions_.drops.begin() + static_cast<std::ptrdiff_t>(to_do.first_drop + to_do.drop_count)});
    }
    actions_.clear();
  }
  void send_to(Answer const& to_do, std::vector<Lease> const& leases, std::vector<std::uint64_t> const& drops) {
    int const rank = to_do.rank;
    if (rank == 0) return at_rank(0, to_do, leases, drops, {});
    RankState const& to = state_.ranks[rank];
    if (to.is_suspect) violate(fmt::format("rank {} is suspect and was sent a message", rank));
    if (to.sent > to.heard) violate(fmt::format("rank {} was sent more than it said", rank));
    int const unacknowledged = static_cast<int>(to.sent - ranks_[rank].received);
    report_.most_unacknowledged = std::max(report_.most_unacknowledged, unacknowledged);
    if (to.sent - to.acknowledged > 8)
      violate(fmt::format("rank {} has {} unacknowledged messages", rank, unacknowledged));
    bool const is_vital = to_do.type == AnswerType::welcome || to_do.type == AnswerType::stop;
    if (!is_vital && chance(plan_.drop_chance)) {
      ++report_.faults;
      return;
    }
    Carried const stage{state_.stage, length_};
    double& arrival = ranks_[rank].last_arrival;
    double const arrives = now_ + uniform() * plan_.most_delay_s;
    arrival = plan_.meets ? std::max(arrival, arrives) : arrives;
    schedule(arrival - now_, [=, this] {
      ranks_[rank].inbox.push_back([=, this] { at_rank(rank, to_do, leases, drops, stage); });
      awake(rank, [this, rank] { read_inbox(rank); });
    });
  }
  void read_inbox(int rank) {
    auto& inbox = ranks_[rank].inbox;
    while (!inbox.empty()) {
      auto const message = std::move(inbox.front());
      inbox.pop_front();
      message();
    }
  }
  void at_rank(int rank, Answer const& to_do, std::vector<Lease> const& leases, std::vector<std::uint64_t> const& drops,
               Carried stage) {
    SimulatedRank& own = ranks_[rank];
    own.received = std::max(own.received, to_do.sequence);
    switch (to_do.type) {
      case AnswerType::welcome:
        schedule(uniform(), [this, rank] {
          awake(rank, [this, rank] {
            ranks_[rank].is_ready = true;
            from_rank(rank, MessageType::ready);
          });
        });
        break;
      case AnswerType::work:
        for (std::uint64_t lease : drops) drop(rank, lease);
        if (to_do.step_from) own.carried = stage, own.joint_lease = 0;
        if (to_do.joint) own.joint_lease = leases.front().id;
        if (plan_.meets && rank > 0 && !leases.empty() && own.carried != stage)
          violate(fmt::format("rank {} would compute stage {} with what it carries for stage {}", rank, stage.first, own.carried.first));
        own.queue.insert(own.queue.end(), leases.begin(), leases.end());
        start_computing(rank);
        break;
      case AnswerType::stop:
        own.is_stopped = true;
        own.queue.clear();
        from_rank(rank, MessageType::bye);
        break;
      case AnswerType::noted:
        break;
    }
  }
  /// At once where it has not begun, else with the tile that is being computed.
  void drop(int rank, std::uint64_t lease) {
    SimulatedRank& own = ranks_[rank];
    if (0 < std::erase_if(own.queue, [lease](Lease const& queued) { return queued.id == lease; }))
      return to_root(rank, {MessageType::dropped, {lease, {0, 0}}, 0});
    auto const at = own.running.find(lease);
    if (at == own.running.end()) return;
    if (meetings_.contains(lease)) return leave(rank, lease, MessageType::dropped);
    if (at->second.ends_at == never) return;
    Running& running = at->second;
    double const tile_s = running.seconds / static_cast<double>(running.lease.range.count);
    double const begun_at = running.ends_at - running.seconds;
    auto const tiles = static_cast<std::uint64_t>(std::ceil((now_ - begun_at) / tile_s));
    running.lease.range.count = std::clamp<std::uint64_t>(tiles, 1, running.lease.range.count);
    running.seconds = tile_s * static_cast<double>(running.lease.range.count);
    running.ends_at = std::max(now_, begun_at + running.seconds);
    running.is_dropped = true;
    compute(rank, lease);
  }
  void to_root(int rank, Message const& message) {
    if (rank == 0)
      schedule(0, [this, message] { at_root_locally(message); });
    else
      from_rank(rank, message);
  }
  void start_computing(int rank) {
    SimulatedRank& own = ranks_[rank];
    while (own.busy < own.consumers && !own.queue.empty()) {
      Lease const lease = own.queue.front();
      own.queue.pop_front();
      ++own.busy;
      own.first_work_at = std::min(own.first_work_at, now_);
      if (auto const joint = meetings_.find(lease.id); joint != meetings_.end()) {
        own.running[lease.id] = {lease, never, 0, false};
        arrive(rank, joint->second);
        continue;
      }
      double const seconds = own.seconds_per_tile * static_cast<double>(lease.range.count) *
                             (1 + plan_.noise * (2 * uniform() - 1));
      own.running[lease.id] = {lease, now_ + seconds, seconds, false};
      compute(rank, lease.id);
    }
    bool const is_hungry = own.busy + own.queue.size() < own.consumers;
    if (rank > 0 && is_hungry && own.received > own.acknowledged) from_rank(rank, MessageType::ask);
  }

  // --- ranks that compute together
  bool is_joint(std::uint64_t stage) { return plan_.meets && stage + 1 < plan_.stages.size() && chance(0.8); }
  void invite(Answer const& to_do, Lease const& lease) {
    if (*to_do.joint == 0)
      forming_ = std::make_shared<Meeting>(Meeting{{state_.stage, length_}, {}, {}, state_.stage, {}});
    forming_->ranks.push_back(to_do.rank);
    forming_->leases.push_back(lease);
    meetings_[lease.id] = forming_;
  }
  void arrive(int rank, std::shared_ptr<Meeting> const& meeting) {
    meeting->here.insert(rank);
    if (meeting->is_broken || meeting->here.size() < meeting->ranks.size()) return;
    if (chance(0.05)) return end(*meeting);  // declined: no such stage
    go_on(meeting);
  }
  void go_on(std::shared_ptr<Meeting> const& meeting) {
    double seconds = 0;
    for (int rank : meeting->ranks) seconds = std::max(seconds, ranks_[rank].seconds_per_tile * (0.5 + uniform()));
    schedule(seconds, [this, meeting] { sum_up(meeting); });
  }
  /// The end of a stage, when all are there for it.
  void sum_up(std::shared_ptr<Meeting> const& meeting) {
    if (meeting->is_broken) return;
    double wait_s = 0;
    for (int rank : meeting->ranks) {
      if (ranks_[rank].is_dead || ranks_[rank].is_stopped) return;
      wait_s = std::max(wait_s, ranks_[rank].paused_until - now_);
    }
    if (wait_s > 0) return schedule(wait_s + 0.001, [this, meeting] { sum_up(meeting); });
    if (chance(plan_.failure_chance)) {
      ++report_.faults;
      std::size_t const index = random_() % meeting->ranks.size();
      return leave(meeting->ranks[index], meeting->leases[index].id, MessageType::failure);
    }
    ++meeting->next;
    bool const is_last = meeting->next + 1 >= plan_.stages.size() || meeting->next > plan_.done_stage;
    is_last || chance(0.3) ? end(*meeting) : go_on(meeting);
  }
  void end(Meeting& meeting) {
    meeting.is_broken = true;
    std::uint64_t const end = meeting.next == meeting.from.first ? 0 : plan_.stages[meeting.next - 1];
    for (std::size_t i = 0; i < meeting.ranks.size(); ++i) {
      int const rank = meeting.ranks[i];
      Lease lease = meeting.leases[i];
      let_go(rank, lease.id);
      if (end > 0 && ranks_[rank].joint_lease == lease.id) ranks_[rank].carried = {meeting.next, meeting.from.second};
      Message message(rank == 0 && end > 0 ? MessageType::results : MessageType::dropped, lease, 0.1);
      message.end = end;
      if (message.type == MessageType::dropped) message.leases[0].range.count = end > 0 ? end - lease.range.first : 0;
      // Rank 0 may hear of a loss before it looks at what its own devices did.
      if (rank == 0)
        schedule(0.3 * uniform(), [this, message] { at_root_locally(message); });
      else
        from_rank(rank, message);
    }
    for (int rank : meeting.ranks) start_computing(rank);
  }
  void leave(int rank, std::uint64_t lease, MessageType how) {
    meetings_.at(lease)->is_broken = true;
    let_go(rank, lease);
    to_root(rank, {how, {lease, {0, 0}}, 0});
    start_computing(rank);
  }
  void let_go(int rank, std::uint64_t lease) {
    --ranks_[rank].busy;
    ranks_[rank].running.erase(lease);
  }

  void compute(int rank, std::uint64_t lease) {
    double const ends_at = ranks_[rank].running.at(lease).ends_at;
    if (ends_at == never) return;
    schedule(ends_at - now_, [=, this] {
      auto const& running = ranks_[rank].running;
      auto const at = running.find(lease);
      if (at == running.end() || at->second.ends_at != ends_at) return;  // slowed meanwhile
      awake(rank, [=, this] { computed(rank, lease); });
    });
  }
  /// The misfortune; leases being computed are hit in the middle.
  void strike() {
    SimulatedRank& own = ranks_[struck_];
    if (plan_.misfortune.kind == Misfortune::Kind::lost) {
      die(struck_);
      return;
    }
    double const factor = slowing();
    own.seconds_per_tile *= factor;
    for (auto& [id, running] : own.running) {
      double const longer = (running.ends_at - now_) * (factor - 1);
      running.ends_at += longer;
      running.seconds += longer;
      compute(struck_, id);
    }
  }
  double slowing() const {
    return plan_.misfortune.kind == Misfortune::Kind::slower ? plan_.misfortune.factor : never;
  }
  void computed(int rank, std::uint64_t id) {
    SimulatedRank& own = ranks_[rank];
    auto const at = own.running.find(id);
    if (at == own.running.end()) return;  // it had ended in a pause, was dropped after it, and both came
    auto const [lease, ends_at, seconds, is_dropped] = at->second;
    own.running.erase(at);
    --own.busy;
    if (own.is_stopped) return;
    bool const fails = !is_dropped && chance(plan_.failure_chance);
    report_.faults += fails ? 1 : 0;
    auto const type = fails ? MessageType::failure : is_dropped ? MessageType::dropped : MessageType::results;
    Message const message(type, lease, seconds);
    if (rank == 0)
      at_root_locally(message);
    else
      from_rank(rank, message);
    start_computing(rank);
  }
  void at_root_locally(Message const& message) {
    if (message.type == MessageType::results)
      take_result(0, message);
    else if (message.type == MessageType::dropped)
      on_dropped(state_, 0, state_.epoch, dropped_by(message));
    else
      on_failure(state_, 0, state_.epoch,
                 {message.leases[0].id, Exit::environment, Retry::may_help, "CPU", "a cosmic ray"},
                 now_, actions_);
    answer(state_, 0, now_, actions_);
    carry_out();
  }

  void tick() {
    on_tick(state_, now_, actions_);
    carry_out();
    schedule(tick_s, [this] { tick(); });
  }
  void judge() {
    std::uint64_t const tiles = state_.stage_end();
    for (std::uint64_t tile = 0; tile < tiles; ++tile)
      if (!is_committed_[tile]) violate(fmt::format("tile {} is missing from its stage", tile));
    if (sum_ != direct_sums(tiles, 1)[0]) violate("the sums differ from the direct sum");
    if (plan_.meets && chance(0.02)) {
      forget_stages(state_);
      ++length_;
    }
    state_.is_joint = is_joint(state_.stage + 1);
    on_stage_judged(state_,
                    state_.stage >= plan_.done_stage ? StageVerdict::done : StageVerdict::go_on,
                    now_, actions_);
    carry_out();
  }

  /// Every tile of the stage is in exactly one place, but for leases that may share; no rank with a
  /// right to work starves.
  void check() {
    RangeSet everywhere = state_.committed;
    RangeSet shared;
    try {
      for (TileRange range : state_.pending.ranges()) everywhere.insert(range);
      for (Reissue const& reissue : state_.reissues) everywhere.insert(reissue.range);
      for (TileRange range : state_.set_aside.ranges()) everywhere.insert(range);
      for (auto const& [id, lease] : state_.leases)
        if (lease.is_shared)
          shared.cover(lease.range);
        else
          everywhere.insert(lease.range);
      for (TileRange range : shared.ranges()) everywhere.insert(range);
      if (state_.together && !state_.together->members.front().has_ended) everywhere.insert(state_.together->stage);
    } catch (Error const& error) {
      violate(fmt::format("a tile is in two places: {}", error.what()));
    }
    if (state_.phase != Phase::over &&
        everywhere.ranges() != std::vector<TileRange>{{0, state_.stage_end()}})
      violate("a tile was lost");
    std::vector<std::uint64_t> held(state_.ranks.size(), 0), tiles(state_.ranks.size(), 0),
        beaten(state_.ranks.size(), 0);
    for (auto const& [id, lease] : state_.beaten) ++beaten[lease.rank];
    for (auto const& [id, lease] : state_.leases) {
      ++held[lease.rank];
      tiles[lease.rank] += lease.range.count;
    }
    if (state_.together)
      for (auto const& member : state_.together->members)
        if (!member.has_ended) {
          ++held[member.rank];
          tiles[member.rank] += state_.together->stage.count;
        }
    bool const are_expected = state_.together || (waits_for_others(state_) && !are_all_free());
    for (std::size_t rank = 0; rank < state_.ranks.size(); ++rank) {
      RankState const& own = state_.ranks[rank];
      if (held[rank] != own.leases || tiles[rank] != own.leased_tiles)
        violate(fmt::format("rank {} holds {} leases, not {}", rank, held[rank], own.leases));
      if (beaten[rank] != own.beaten)
        violate(
            fmt::format("rank {} has {} beaten leases, not {}", rank, beaten[rank], own.beaten));
      if (own.is_suspect && own.leases > 0) violate("a suspect holds a lease");
      if (own.leases + own.beaten > own.consumers * state_.settings.leases_per_consumer)
        violate("too many leases");
      if (may_work(rank) && own.leases + own.beaten == 0 && state_.phase == Phase::computing &&
          !state_.stop_is_requested && !state_.pending.empty() && !are_expected)
        violate(fmt::format("rank {} starves", rank));
    }
  }

  bool may_work(std::size_t rank) const {
    RankState const& own = state_.ranks[rank];
    return own.phase == RankPhase::ready && !own.is_suspect && !own.is_barred &&
           (rank == 0 || (own.heard > own.sent && own.sent - own.acknowledged < 7));
  }
  /// Those that can compute together can all be told so.
  bool are_all_free() const {
    for (std::size_t rank = 0; rank < state_.ranks.size(); ++rank) {
      RankState const& own = state_.ranks[rank];
      bool const is_usable = own.phase == RankPhase::ready && !own.is_suspect && !own.is_barred;
      if (is_usable && (own.beaten > 0 || !may_work(rank))) return false;
    }
    return true;
  }

  std::optional<Saved> finish() {
    report_.verdict = state_.verdict;
    report_.tiles = state_.committed.total();
    report_.sum = sum_;
    report_.seconds = now_;
    report_.counters = state_.counters;
    report_.tiles_of_rank.clear();
    for (RankState const& rank : state_.ranks)
      report_.tiles_of_rank.push_back(rank.committed_tiles);
    report_.rate_of_rank.clear();
    for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank)
      report_.rate_of_rank.push_back(rate(rank));
    report_.ideal_s = ideal_s();
    if (state_.error) violate(state_.error->what());
    // 4 s awake: a sign of life, its answer and the goodbye, each as late as can be.
    for (int rank = 1; rank < static_cast<int>(ranks_.size()); ++rank)
      if (!ranks_[rank].is_dead && ranks_[rank].paused_until <= now_ - 4 &&
          !ranks_[rank].is_stopped && !state_.ranks[rank].is_suspect && !state_.ranks[rank].is_lost &&
          plan_.drop_chance == 0 && plan_.jump_chance == 0)
        violate(fmt::format("rank {} lives and was not dismissed", rank));
    return state_.verdict == Exit::stopped ? std::optional(snapshot()) : std::nullopt;
  }

  /// Tiles a second before any misfortune.
  double rate(int rank) const { return initial_rates_[rank]; }
  double computable(int rank, double until_s) const {
    double const start_s = ranks_[rank].first_work_at;
    if (start_s >= until_s) return 0;
    double const struck_s = rank == struck_ ? std::max(plan_.misfortune.at_s, start_s) : never;
    double const after_s = until_s - std::min(until_s, struck_s);
    return rate(rank) * (until_s - start_s - after_s + after_s / slowing());
  }
  double ideal_s() const {
    double least = 0, most = now_;
    while (most - least > 1e-6 * now_) {
      double const middle = (least + most) / 2;
      double tiles = 0;
      for (int rank = 0; rank < static_cast<int>(ranks_.size()); ++rank)
        tiles += computable(rank, middle);
      (tiles < static_cast<double>(state_.stage_end()) ? least : most) = middle;
    }
    return most;
  }

  SimulationPlan const& plan_;
  std::mt19937_64& random_;
  SimulationReport& report_;
  State state_;
  Actions actions_;
  std::vector<SimulatedRank> ranks_;
  std::map<std::uint64_t, std::shared_ptr<Meeting>> meetings_;  // by lease
  std::shared_ptr<Meeting> forming_;
  unsigned length_ = 0;  // of the job: changes when what it carries is shortened
  std::vector<bool> is_committed_;
  std::vector<double> initial_rates_;
  int struck_ = -1;
  std::int64_t sum_ = 0;
  Saved last_save_;
  std::priority_queue<Scheduled> queue_;
  std::uint64_t order_ = 0;
  double now_ = 0;
  double over_since_ = 0;
};

}  // namespace

SimulationReport simulate(SimulationPlan const& plan, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  SimulationReport report;
  std::optional<Saved> saved;
  for (;; ++report.lives) {
    // Another number of ranks in each life.
    SimulationPlan of_life = plan;
    if (report.lives > 1) of_life.ranks = 1 + static_cast<int>(random() % (plan.ranks + 2));
    if (report.lives > 5) of_life.kill_chance = of_life.stop_chance = 0;
    Life life(of_life, random, saved, report);
    saved = life.live();
    if (!saved || !report.violation.empty()) return report;
  }
}

}  // namespace muster::test
