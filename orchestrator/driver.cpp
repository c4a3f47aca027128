// Rank 0 in the real world: clock, transport, compute threads and files around the pure
// orchestrator.
#include <algorithm>
#include <chrono>
#include <new>
#include <type_traits>

#include "core/log.hpp"
#include "core/sha256.hpp"
#include "orchestrator/accumulator.hpp"
#include "orchestrator/desk.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/joint.hpp"
#include "orchestrator/leasing.hpp"
#include "orchestrator/run.hpp"
#include "orchestrator/saver.hpp"
#include "orchestrator/waypoints.hpp"
#include "worker/consumers.hpp"
#include "worker/fp_environment.hpp"

namespace muster::orchestrator {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds patience{50};

TileRange stage_range(std::vector<std::uint64_t> const& stages, std::size_t stage) {
  std::uint64_t const first = stage == 0 ? 0 : stages[stage - 1];
  return {first, stages[stage] - first};
}
constexpr double tick_interval_s = 0.1;
/// Early stages end quickly one after the other; not each is worth a save.
constexpr double least_save_interval_s = 1;
constexpr double first_save_s = 0.5;
/// Of the run's time; but what a kill costs is bounded first.
constexpr double most_saving = 0.01;
constexpr double longest_save_interval_s = 60;
/// Contexts and tables of rank 0's own devices.
constexpr double start_limit_s = 300;
/// Messages taken in between two looks at the own consumers and the clock.
constexpr int messages_at_once = 64;

/// Of what is being handled.
Error current_error() {
  try {
    throw;
  } catch (Error const& error) {
    return error;
  } catch (std::bad_alloc const&) {
    return Error(Exit::environment, "out of memory on rank 0 (sums and messages do not fit); use a machine with more memory");
  } catch (std::exception const& other) {
    return Error(Exit::bug, fmt::format("{} (not foreseen: a bug of muster's); please report it", other.what()));
  }
}

class Driver {
 public:
  Driver(comm::Transport& transport, jobs::Job const& job, DriverOptions const& options,
         Persistence& persistence, ProgressSink& sink, State state, std::optional<Saved> saved, jobs::CarryPtr carry)
      : transport_(transport),
        job_(job),
        options_(options),
        saver_(persistence, job.steps()),
        sink_(sink),
        state_(std::move(state)),
        accumulator_(job, stage_range(state_.stages, state_.stage)),
        carry_(std::move(carry)),
        tiles_before_(state_.committed.total()),
        desk_(
            transport_, state_,
            DeskRules{
                options.build, {options.resolved, sha256_hex(options.resolved.text)}, job.slots(),
                [this](TileRange range) { return slots_of(range); },
                [this](std::uint64_t stage) { return step_from(stage); }, options.rendezvous},
            [this](worker::Result const& result) { commit(result); },
            [this](std::span<Lease const> leases, std::span<std::uint64_t const> drops, std::optional<worker::Joint> joint) {
              consumers_->drop(drops);
              if (joint)
                consumers_->push_joint(leases.front(), std::move(*joint));
              else
                consumers_->push(leases);
            }) {
    if (!saved) return;
    accumulator_.restore(std::move(saved->sums));
    waypoints_ = Waypoints(std::move(saved->waypoints));
  }

  RunOutcome run() {
    try {
      save();
      settle();  // the new epoch is on disk before anyone works for it
      if (steps_ && !carry_) carry_ = steps_->first(threads());
      consumers_.emplace(job_, options_.consumption, [this] { transport_.wake(); },
                         transport_.size() == 1 ? worker::Company::alone : worker::Company::others, options_.rendezvous);
      state_.may_meet = options_.rendezvous != nullptr;
      state_.is_joint = steps_ && steps_->is_joint(*carry_);
      if (steps_) consumers_->enter(carry_);
      if (steps_) note_ = steps_->tell(*carry_);
      if (!options_.early_news.empty()) desk_.news(options_.early_news, now());
      while (state_.phase != Phase::over) step();
    } catch (...) {
      end_with_current_exception();
    }
    if (consumers_) {
      consumers_->drop_queued();
      desk_.take_own(consumers_->device_use());
    }
    save_at_end();
    dismiss();
    sink_.finish(progress());
    if (state_.error) throw *state_.error;
    return outcome();
  }

  /// Also at the end of dismiss_workers().
  static bool mark_missing(comm::Transport& transport, State const& state) {
    bool all_left = true;
    for (int rank = 1; rank < transport.size(); ++rank) {
      if (state.ranks[rank].phase == RankPhase::gone) continue;
      transport.mark_lost(rank);
      all_left = false;
    }
    return all_left;
  }

 private:
  double now() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

  void step() {
    take_own_events();
    if (state_.phase == Phase::judging) judge_stage();
    if (state_.phase == Phase::over) return;
    transport_.set_pace(is_calm(state_) ? comm::Pace::calm : comm::Pace::eager);
    auto message = transport_.poll(patience);
    take_news();
    for (int taken = 0; message; message = transport_.poll(std::chrono::microseconds{0})) {
      desk_.handle(*message, now());
      if (++taken == messages_at_once || state_.phase != Phase::computing) break;
    }
    double const now_s = now();
    check_stop(now_s);
    // Not while there may be messages: a rank that has spoken during a long save is not silent.
    if (now_s < next_tick_s_ || state_.phase != Phase::computing) return;
    next_tick_s_ = now_s + tick_interval_s;
    on_interval(now_s);
  }

  void take_news() {
    if (auto const news = transport_.take_news(); !news.empty()) desk_.news(news, now());
  }

  void take_own_events() {
    while (consumers_->take(event_)) std::visit([this](auto& event) { on_own(event); }, event_);
  }
  void on_own(worker::Started const& started) {
    preferred_tiles_ = std::max(preferred_tiles_, started.preferred_tiles);
    if (++consumers_ready_ == consumers_->count())
      desk_.open(transport_.host(), consumers_ready_, preferred_tiles_, consumers_->cards(), now());
  }
  void on_own(worker::Result& result) {
    desk_.take_own(result, now());
    consumers_->recycle(std::move(result));
  }
  void on_own(worker::Dropped const& dropped) { desk_.take_own(dropped, now()); }
  void on_own(worker::Failure const& failure) { desk_.take_own(failure, now()); }
  void on_own(worker::DeviceUse const&) { desk_.take_own(consumers_->device_use()); }

  void commit(worker::Result const& result) {
    TileRange const done{result.range.first, result.digests.size()};
    if (result.ahead)
      on_ran_ahead(state_, 0, done.end(), result.seconds * static_cast<double>(done.count - result.range.count) / static_cast<double>(result.range.count));
    else
      accumulator_.add(result.sums, result.range);
    ahead_ = result.ahead;
    units_ += units_of(done);
    is_saved_ = false;
    guarded([&] { saver_.record(done, result.digests, state_.epoch); });
  }

  /// Of one stage, or of several that were run ahead.
  double units_of(TileRange done) const {
    double units = 0;
    auto stage = std::ranges::upper_bound(state_.stages, done.first);
    for (std::uint64_t first = done.first; first < done.end() && stage != state_.stages.end(); ++stage) {
      auto const end = std::min(*stage, done.end());
      units += job_.units({first, end - first});
      first = end;
    }
    return units;
  }

  void judge_stage() {
    std::uint64_t const tiles = state_.stage_end();
    bool const is_last = state_.stage + 1 == state_.stages.size();
    bool const is_ahead = ahead_ != nullptr;
    jobs::CarryPtr next = std::exchange(ahead_, nullptr);
    if (steps_ && !next) next = steps_->next(carry_, accumulator_.normalized(), threads());
    bool const is_shortened = shorten(next);
    if (is_shortened) forget_stages(state_);
    state_.is_joint = steps_ && steps_->is_joint(*next);
    bool const is_done = is_last || (steps_ ? steps_->is_done(*next) : job_.is_done(accumulator_.normalized(), tiles));
    // A save in the middle of it would hold the sums of one stage and the carry of another.
    guarded([&] {
      if (steps_) take_step(std::move(next), is_done);
      if (is_shortened || is_ahead) last_sums_.clear();  // others cannot derive it: they get all of it
      desk_.judge(is_done ? StageVerdict::done : StageVerdict::go_on, now());
    });
    is_saved_ = false;
    if (state_.phase != Phase::over) save_after(std::max(least_save_interval_s, bearable_interval_s()));
  }

  /// When the time of the job is over.
  bool shorten(jobs::CarryPtr& next) const {
    if (!steps_ || steps_->wall_s() <= 0 || now() < steps_->wall_s()) return false;
    auto shorter = steps_->shorten(next);
    if (!shorter) return false;
    log::info("the time of {} s is over; what is left is shortened", steps_->wall_s());
    next = std::move(shorter);
    return true;
  }

  std::size_t slots_of(TileRange range) const {
    bool const is_inside = range.end() >= range.first && range.end() <= state_.stages.back();
    return is_inside ? job_.window(range).count : 0;
  }
  /// At the end the last stage is kept as it is, so that a run killed before its result is written ends once more.
  void take_step(jobs::CarryPtr next, bool is_done) {
    if (is_done) {
      final_carry_ = std::move(next);
      return;
    }
    last_sums_ = accumulator_.start_over(stage_range(state_.stages, state_.stage + 1));
    carry_ = std::move(next);
    waypoints_.pass(state_.stage + 1, [this] { return steps_->encode_waypoint(*carry_); });
    note_ = steps_->tell(*carry_);
    consumers_->enter(carry_);
  }
  /// A rank that is one stage behind makes the step itself; all others get everything.
  worker::Step step_from(std::uint64_t stage) const {
    if (stage + 1 == state_.stage && !last_sums_.empty())
      return {worker::Step::By::sums, state_.stage, last_sums_};
    return {worker::Step::By::snapshot, state_.stage, steps_->encode(*carry_)};
  }
  int threads() const { return worker::host_threads(options_.consumption); }

  void on_interval(double now_s) {
    desk_.tick(now_s);
    MUSTER_REQUIRE_ENV(
        consumers_ready_ == consumers_->count() || now_s < start_limit_s,
        "{} of {} compute threads of rank 0 were ready after {:.0f} s (a device does not answer); "
        "check the devices of {}",
        consumers_ready_, consumers_->count(), now_s, transport_.host());
    save_after(save_interval_s(now_s));
    if (now_s - shown_at_s_ < options_.progress_interval_s) return;
    shown_at_s_ = now_s;
    sink_.update(progress());
  }
  /// A young run saves more often: little is lost when it dies early, and whoever starts it again sees that it
  /// has come on.
  double save_interval_s(double now_s) const {
    double const wanted = std::min(options_.commit_interval_s, std::max(first_save_s, now_s / 2));
    return std::max(wanted, bearable_interval_s());
  }
  /// What is carried may be large, and a save of it take longer than a stage.
  double bearable_interval_s() const { return std::min(saver_.seconds() / most_saving, longest_save_interval_s); }
  void check_stop(double now_s) {
    if (state_.phase == Phase::over || options_.stop_requested == nullptr ||
        !*options_.stop_requested)
      return;
    if (!state_.stop_is_requested) {
      stop_asked_at_s_ = now_s;
      desk_.request_stop(now_s);
    } else if (now_s - stop_asked_at_s_ > options_.stop_grace_s) {
      desk_.end(Exit::stopped, "stopped as asked", std::nullopt, now_s);
    }
  }

  /// After a failed write the files lag behind the state: nothing more is saved then.
  template <class Action>
  std::invoke_result_t<Action> guarded(Action action) {
    try {
      return action();
    } catch (...) {
      may_save_ = false;
      throw;
    }
  }
  /// Where the last one ended so long ago, and something has come since.
  void save_after(double interval_s) {
    bool const is_busy = guarded([&] { return saver_.is_busy(); });
    if (!is_busy && !is_saved_ && saver_.idle_seconds() >= interval_s) save();
  }
  void settle() {
    guarded([&] { saver_.settle(); });
  }
  /// Begins it: what is as of now.
  void save() {
    Saved saved = to_save(state_);
    saved.sums = accumulator_.normalized();
    saved.waypoints = waypoints_.kept();
    saver_.begin(std::move(saved), steps_ ? carry_ : nullptr);
    is_saved_ = true;
  }
  void save_at_end() {
    if (!may_save_) return;
    try {
      settle();
      if (is_saved_) return;
      save();
      settle();
    } catch (...) {
      Error const error = current_error();
      // The error that ended the run is the one to tell; this one otherwise.
      if (state_.error)
        log::warn("progress could not be saved: {}", error.what());
      else
        state_.error = error;
    }
  }

  void end_with_current_exception() {
    Error const error = current_error();
    try {
      desk_.end(error.code(), error.what(), error, now());
    } catch (std::exception const& second) {
      log::warn("other ranks could not be told of the end: {}", second.what());
    }
    state_.error = error;
  }

  void dismiss() {
    transport_.set_pace(comm::Pace::eager);
    double const deadline_s = now() + options_.leave_grace_s;
    try {
      while (!has_everyone_left(state_) && now() < deadline_s) {
        auto const message = transport_.poll(patience);
        if (message) desk_.handle(*message, now());
        take_news();
        // What came during the last save is read before anyone is called silent.
        if (message || now() < next_tick_s_) continue;
        next_tick_s_ = now() + tick_interval_s;
        desk_.tick(now());
      }
    } catch (Error const& error) {
      log::warn("while ranks were leaving: {}", error.what());
    }
    bool const all_said_goodbye = mark_missing(transport_, state_);
    lost_ranks_ = !all_said_goodbye || has_losses(state_);
    if (lost_ranks_) transport_.note_loss();
    if (!all_said_goodbye)
      log::warn("some ranks did not say goodbye within {:.0f} s", options_.leave_grace_s);
  }

  Progress progress() {
    shares_.resize(state_.ranks.size());
    for (std::size_t rank = 0; rank < shares_.size(); ++rank) {
      RankState const& from = state_.ranks[rank];
      shares_[rank] = {static_cast<int>(rank), from.host, from.committed_tiles, from.busy_seconds, from.consumers, from.devices};
    }
    unit_ = job_.work_unit();
    double const elapsed_s = now();
    double const tiles_per_s =
        static_cast<double>(state_.committed.total() - tiles_before_) / elapsed_s;
    // A stop rule may end the run with this stage; steps follow one another, but the first stage may be of another sort.
    std::uint64_t const end = steps_ && state_.stage > 0 ? state_.stages.back() : state_.stage_end();
    Progress shown{state_.committed.total(),
                   end,
                   state_.stages.back(),
                   elapsed_s,
                   units_ / elapsed_s,
                   -1,
                   unit_.name,
                   unit_.item,
                   units_ / unit_.units_per_item / elapsed_s,
                   note_,
                   shares_};
    if (tiles_per_s > 0)
      shown.eta_s =
          static_cast<double>(end - state_.committed.total()) / tiles_per_s;
    return shown;
  }

  RunOutcome outcome() {
    Progress const last = progress();
    jobs::CarryPtr const& carried = final_carry_ ? final_carry_ : carry_;
    Slots sums = carried ? steps_->encode(*carried) : accumulator_.normalized();
    return {state_.verdict,           std::move(sums),
            state_.committed.total(), lost_ranks_,
            last.elapsed_s,           units_,
            shares_,                  to_pairs(state_.counters),
            waypoints_.kept()};
  }

  comm::Transport& transport_;
  jobs::Job const& job_;
  DriverOptions const& options_;
  Saver saver_;
  ProgressSink& sink_;
  Clock::time_point const started_ = Clock::now();
  State state_;
  Accumulator accumulator_;
  jobs::Steps const* const steps_ = job_.steps();
  jobs::CarryPtr carry_, final_carry_;  // of the current stage; of the run's end
  jobs::CarryPtr ahead_;                // of the stage behind those that a lone runner ran by itself
  Waypoints waypoints_;
  Slots last_sums_;                     // of the stage before, when it ended in this run
  std::uint64_t const tiles_before_;
  Desk desk_;

  bool may_save_ = true;
  bool is_saved_ = false;  // or about to be: nothing has come since the last save began
  bool lost_ranks_ = false;
  double next_tick_s_ = 0, shown_at_s_ = 0, stop_asked_at_s_ = 0;
  std::uint32_t consumers_ready_ = 0;
  std::uint64_t preferred_tiles_ = 1;
  worker::ConsumerEvent event_;
  std::vector<RankShare> shares_;
  jobs::WorkUnit unit_{};
  std::string note_;
  double units_ = 0;
  std::optional<worker::Consumers> consumers_;  // last: joined before anything it uses goes
};

}  // namespace

unsigned quiet_ticks_of(std::chrono::milliseconds heartbeat) {
  double const heartbeat_s = std::chrono::duration<double>(heartbeat).count();
  return static_cast<unsigned>(2.4 * heartbeat_s / tick_interval_s);
}

RunOutcome run_job(comm::Transport& transport, jobs::Job const& job, DriverOptions const& options,
                   Persistence& persistence, ProgressSink& progress) {
  MUSTER_ASSERT(transport.rank() == 0, "rank {} is no driver", transport.rank());
  // Stop rules and results are computed on this thread.
  worker::set_default_fp_environment();
  std::optional<Saved> saved;
  std::optional<State> state;
  jobs::CarryPtr carry;
  try {
    saved = persistence.load();
    LeaseSettings leases = options.leases;
    if (job.same_bits() == jobs::SameBits::on_one_kind) leases.hedging = Hedging::off;
    auto const stages = job.stages();
    // A stage that the job does not have is refused as such.
    auto const slots = saved && saved->stage < stages.size() ? slots_of_stage(job, stage_range(stages, saved->stage)) : job.slots();
    state = make_state(transport.size(), stages, slots, saved, leases);
    state->has_steps = job.steps() != nullptr;
    // Empty: killed before its first generation.
    if (saved && state->has_steps && !saved->carry.empty())
      carry = job.steps()->decode(saved->carry, worker::host_threads(options.consumption));
  } catch (Error const& error) {
    dismiss_workers(transport, error.code(), error.what(), options.leave_grace_s);
    throw;
  }
  return Driver(transport, job, options, persistence, progress, std::move(*state), std::move(saved), std::move(carry))
      .run();
}

bool dismiss_workers(comm::Transport& transport, Exit verdict, std::string const& reason,
                     double limit_s) {
  State state = make_state(transport.size(), {1}, 0, std::nullopt, {});
  Desk desk(
      transport, state, DeskRules{}, [](worker::Result const&) {}, nullptr);
  auto const start = Clock::now();
  auto const elapsed_s = [&] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  desk.end(verdict, reason, std::nullopt, 0);
  while (!has_everyone_left(state) && elapsed_s() < limit_s)
    if (auto message = transport.poll(patience)) desk.handle(*message, elapsed_s());
  return Driver::mark_missing(transport, state);
}

}  // namespace muster::orchestrator
