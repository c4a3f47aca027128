#include "cli/supervisor.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <set>
#include <thread>
#include <tuple>

#include "cli/job_file.hpp"
#include "cli/launch_line.hpp"
#include "cli/launched.hpp"
#include "cli/nodes_left.hpp"
#include "cli/run_output.hpp"
#include "cli/run_watch.hpp"
#include "cli/session_folder.hpp"
#include "cli/signals.hpp"
#include "cli/stop_wish.hpp"
#include "comm/transport.hpp"
#include "core/log.hpp"
#include "io/run_state.hpp"
#include "topology/lost_gpus.hpp"
#include "topology/probe.hpp"

namespace muster::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds pace{10};
/// Between two looks at ranks that compute; the end of rank 0 or of the launcher is seen at once.
constexpr std::chrono::milliseconds calm_pace{100};
/// Between rank 0's end and the launcher's.
constexpr std::chrono::seconds leave_limit{8};
/// Rank 0 is stopped: somebody may go on with it, but not for long; less where the others go on without it.
constexpr std::chrono::seconds stopped_limit{2};
constexpr std::chrono::seconds stopped_limit_with_ulfm{1};
/// For the ranks that live to go on without rank 0.
constexpr std::chrono::seconds failover_limit{5};
/// For the launcher to start the ranks and for MPI to connect them.
constexpr std::chrono::seconds start_limit{120};
/// Once a rank is known to be lost meanwhile: rank 0 waits 10 s for the others, and begins without it where MPI is up.
constexpr std::chrono::seconds loss_limit{15};
/// A start that takes longer than this may wait for a node that is gone.
constexpr std::chrono::seconds nodes_limit{15};
/// Starts in a row without a new commit: that failed by themselves, and with those that somebody ended.
constexpr int most_barren_own = 2;
constexpr int most_barren = 6;

/// What the run's files say.
struct Standing {
  std::optional<Exit> verdict;  ///< none: it goes on, or has crashed
  std::uint64_t tiles = 0;  ///< committed
  StopWish wish = StopWish::asked;  ///< of a stop
};

/// Why the ranks are gone.
struct Cause {
  std::string text;
  bool is_from_outside = false;  ///< a SIGKILL, SIGTERM or SIGSTOP of somebody's
  std::optional<int> exit_code = {};  ///< of rank 0, which ended by itself
};

/// `kills_before`: of out_of_memory_kills(), when the supervisor began.
Cause death(std::string const& who, ProcessHandle const& process, std::uint64_t kills_before) {
  int const signal = process.fatal_signal();
  auto const code = process.exit_code();
  // Stopped in good order, and no verdict: its watch has ended it, for MPI did not come back.
  if (code == static_cast<int>(Exit::stopped)) return {who + " has left an MPI that did not come back", true};
  return {signal == 0 ? who + " has ended without a verdict" : fmt::format("{} was killed by signal {}", who, signal),
          is_killed_from_outside(signal, out_of_memory_kills() - kills_before), code};
}

/// How long something has been stopped.
class StopClock {
 public:
  explicit StopClock(Clock::duration limit) : limit_(limit) {}
  /// Whether it is stopped, and has been for longer than may be; begins anew then.
  bool has_run_out(bool is_stopped) {
    if (!is_stopped) since_.reset();
    if (!is_stopped) return false;
    if (!since_) since_ = Clock::now();
    if (Clock::now() - *since_ <= limit_) return false;
    since_.reset();
    return true;
  }

 private:
  Clock::duration const limit_;
  std::optional<Clock::time_point> since_;
};

/// Which file it is: a run that starts over replaces it.
std::tuple<ino_t, time_t, long> identity_of(std::filesystem::path const& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

std::string text_in(char const* name) {
  char const* const text = std::getenv(name);
  return text == nullptr ? "" : text;
}

class Supervisor {
 public:
  Supervisor(RunOptions const& options, std::filesystem::path output, int ranks, LaunchPlace place, NodesInUse nodes)
      : options_(options),
        output_(std::move(output)),
        ranks_(ranks),
        place_(std::move(place)),
        nodes_(std::move(nodes)),
        result_before_(identity_of(output_)) {}

  Supervised run() {
    auto before = standing();
    for (int barren = 0, barren_own = 0;;) {
      launch();
      auto cause = watch();
      auto const now = standing();
      nodes_.forget();
      bool const is_undone = is_undone_stop(now);
      if (is_undone) cause = {ended_by_launcher(), true};
      bool const is_a_gpu_lost = note_lost_gpus();
      if (is_final(before, now) && !is_undone && !(is_a_gpu_lost && now.verdict == Exit::environment)) return end_with(now);
      if (stop_requested()) return end_with(Exit::stopped);
      // A fault before there was any state to keep it in.
      if (!now.verdict && cause.exit_code.value_or(0) != 0) return {*cause.exit_code, launched_->said()};
      bool const has_come_on = now.tiles > before.tiles;
      barren = has_come_on ? 0 : barren + 1;
      barren_own = has_come_on ? 0 : barren_own + (cause.is_from_outside ? 0 : 1);
      if (barren_own == most_barren_own || barren == most_barren) give_up(barren, cause, now);
      nodes_.require_enough();
      log::warn("{}; starting the ranks again from the last save ({} tiles committed){}{}", cause.text, now.tiles, nodes_.told(),
                lost_gpus_.empty() ? "" : ", without " + topology::list_of(lost_gpus_));
      before = now;
    }
  }

 private:
  void launch() {
    bool const is_first = starts_ == 0;
    auto const words = words_of_rank(options_.words, is_first ? options_.start : Start::resume);
    ++starts_;
    auto const mark = fmt::format("{}.{}.{}", ::getpid(), starts_, host_name());
    launched_.reset();
    auto place = place_;
    place.has_lost_gpus = !lost_gpus_.empty();
    int const ranks = is_first ? ranks_ : nodes_.settle(place, ranks_);
    if (options_.launcher == Launcher::mpirun) place.session_folder = session_.emplace(mark, place.is_one_machine).path();
    launched_ = std::make_unique<Launched>(launch_line(options_.launcher, ranks, words, place), mark);
    is_stop_sent_ = is_started_ = has_looked_at_nodes_ = false;
    start_deadline_ = Clock::now() + start_limit;
  }

  /// For the ranks of the next start; false where none was lost in this one.
  bool note_lost_gpus() {
    auto const before = lost_gpus_.size();
    lost_gpus_.insert(launched_->lost_gpus().begin(), launched_->lost_gpus().end());
    if (lost_gpus_.size() == before) return false;
    ::setenv(topology::lost_gpus_variable, topology::list_of(lost_gpus_).c_str(), 1);
    return true;
  }

  /// mpirun tells its ranks to end when it has lost a node, or its daemon there, and rank 0 takes that for a stop.
  bool may_be_unasked(Standing const& now) const {
    return now.verdict == Exit::stopped && now.wish != StopWish::asked && !stop_requested();
  }
  bool is_undone_stop(Standing const& now) {
    return may_be_unasked(now) && (now.wish == StopWish::unasked || nodes_.have_lost_one());
  }
  char const* ended_by_launcher() {
    return nodes_.have_lost_one() ? "the launcher ended the ranks when a node was lost" : "the launcher ended the ranks, unasked";
  }
  /// An mpirun that has lost a node waits for its daemon there.
  bool is_worth_waiting_for(Standing const& now) const { return now.verdict && !may_be_unasked(now); }

  /// Until the ranks are gone.
  Cause watch() {
    StopClock stop_clock(place_.has_open_mpi_4 ? stopped_limit : stopped_limit_with_ulfm);
    for (;; pause()) {
      pass_stop_on();
      if (launched_->has_ended()) {
        launched_->end();
        return launched_->root() ? death("rank 0", *launched_->root(), kills_before_) : Cause{"the launcher has ended without a verdict"};
      }
      if (!is_started_ && !has_started()) {
        auto const trouble = trouble_at_start(stop_clock);
        if (!trouble) continue;
        launched_->end();
        return *trouble;
      }
      auto const& root = launched_->root();
      if (!root) continue;
      if (root->is_dead()) {
        if (has_failed_over()) continue;
        return after_root(*root);
      }
      if (!stop_clock.has_run_out(state_of(root->process()) == ProcessState::stopped)) continue;
      if (!place_.has_open_mpi_4 && root->kill()) continue;  // the others go on without it
      launched_->end();
      return {"rank 0 was stopped by somebody", true};
    }
  }

  void pause() const {
    if (is_started_)
      launched_->wait(calm_pace);
    else
      std::this_thread::sleep_for(pace);
  }

  /// Why this start comes to nothing: the others wait in MPI for a rank that is dead or stopped.
  std::optional<Cause> trouble_at_start(StopClock& stop_clock) {
    auto const* const lost = launched_->lost_rank();
    if (lost != nullptr && lost->fatal_signal() != 0) return failed_start(lost);
    // One that has ended by itself may have done its part of a short run.
    if (lost != nullptr) start_deadline_ = std::min(start_deadline_, Clock::now() + leave_limit);
    // Nothing else tells of a rank of another machine.
    if (launched_->has_complained()) start_deadline_ = std::min(start_deadline_, Clock::now() + loss_limit);
    if (stop_clock.has_run_out(launched_->has_stopped_rank()))
      return Cause{"while the ranks were starting, one was stopped by somebody", true};
    if (Clock::now() >= start_deadline_) return failed_start(lost);
    if (has_lost_a_node()) return Cause{"while the ranks were starting, a node was lost", true};
    return std::nullopt;
  }

  /// Looked at once a start, which takes seconds.
  bool has_lost_a_node() {
    if (has_looked_at_nodes_ || Clock::now() < start_deadline_ - start_limit + nodes_limit) return false;
    has_looked_at_nodes_ = true;
    nodes_.forget();
    return nodes_.have_lost_one();
  }

  Cause failed_start(ProcessHandle const* lost) const {
    if (lost == nullptr && launched_->has_complained()) return {"while the ranks were starting, one was lost on another machine", true};
    if (lost == nullptr) return {fmt::format("rank 0 did not begin its work within {} s", start_limit.count())};
    auto cause = death("while the ranks were starting, one", *lost, kills_before_);
    cause.exit_code.reset();
    return cause;
  }

  /// Rank 0 holds the output's lock: MPI has started, and a loss is the ranks' own affair. Before that, ranks wait
  /// for a dead one without end. Where rank 0 runs on another machine its launcher alone is watched.
  bool has_started() {
    launched_->look();
    auto const& root = launched_->root();
    auto const owner = io::read_lock_owner(output_);
    is_started_ = owner && (root ? owner->pid == root->process().pid : owner->host != host_name());
    return is_started_ || (root && root->is_dead() && standing().verdict);
  }

  /// Under ULFM the others go on without rank 0: one of them takes the output's lock.
  bool has_failed_over() {
    if (place_.has_open_mpi_4 || standing().verdict) return false;
    auto const deadline = Clock::now() + failover_limit;
    for (; Clock::now() < deadline && !launched_->has_ended(); std::this_thread::sleep_for(pace)) {
      auto const owner = io::read_lock_owner(output_);
      if (owner && launched_->follow(static_cast<pid_t>(owner->pid))) return true;
      if (standing().verdict) return false;
    }
    return false;
  }

  /// With a verdict the others leave by themselves; without one there is nothing to wait for.
  Cause after_root(ProcessHandle const& root) {
    auto cause = death("rank 0", root, kills_before_);
    auto const deadline = Clock::now() + leave_limit;
    while (is_worth_waiting_for(standing()) && !launched_->has_ended() && Clock::now() < deadline) std::this_thread::sleep_for(pace);
    launched_->end();
    return cause;
  }

  /// By the launcher; a second signal ends this process, and the run with it.
  void pass_stop_on() {
    if (!stop_requested() || is_stop_sent_ || !launched_->root()) return;
    is_stop_sent_ = true;
    launched_->send(SIGUSR2);
  }

  Standing standing() const {
    if (auto const saved = io::read_saved_run(output_); saved && saved->verdict != Exit::done)
      return {saved->verdict, io::committed_tiles(saved->progress), wish_of(saved->message, options_.launcher)};
    bool const is_new = options_.start == Start::resume || identity_of(output_) != result_before_;
    std::error_code ignored;
    if (starts_ > 0 && is_new && std::filesystem::exists(output_, ignored)) return {Exit::done, UINT64_MAX};
    return {};
  }

  /// A fault of the environment may be over after a restart, if there was any progress at all.
  static bool is_final(Standing const& before, Standing const& now) {
    if (!now.verdict) return false;
    return *now.verdict != Exit::environment || now.tiles <= before.tiles;
  }

  Supervised end_with(Standing const& now) const { return end_with(*now.verdict); }
  Supervised end_with(Exit verdict) const {
    int const code = static_cast<int>(verdict);
    auto const& root = launched_->root();
    // Killed, rank 0 may have been in the middle of its words.
    bool const was_cut_short = root && (root->fatal_signal() != 0 || root->exit_code().value_or(code) != code);
    return {code, was_cut_short ? "" : launched_->said()};
  }

  [[noreturn]] static void give_up(int barren, Cause const& cause, Standing const& now) {
    throw_error(Exit::environment,
                "{} starts in a row came to nothing ({}; {} tiles are committed); see what the ranks said, then run "
                "again to resume", barren, cause.text, now.tiles);
  }

  RunOptions const& options_;
  std::filesystem::path const output_;
  int const ranks_;
  LaunchPlace const place_;
  NodesInUse nodes_;
  std::tuple<ino_t, time_t, long> const result_before_;
  std::uint64_t const kills_before_ = out_of_memory_kills();
  std::set<std::string> lost_gpus_;  // by all starts
  int starts_ = 0;
  bool is_stop_sent_ = false;
  bool is_started_ = false;
  bool has_looked_at_nodes_ = false;
  Clock::time_point start_deadline_;
  std::optional<SessionFolder> session_;  // outlives its launcher
  std::unique_ptr<Launched> launched_;
};

int number_in(char const* name, int otherwise) {
  char const* const text = std::getenv(name);
  int const number = text == nullptr ? 0 : std::atoi(text);
  return number > 0 ? number : otherwise;
}

std::string first_line_of(char const* command) {
  std::string line;
  FILE* const pipe = ::popen(command, "r");
  if (pipe == nullptr) return line;
  std::array<char, 256> text{};
  if (std::fgets(text.data(), text.size(), pipe) != nullptr) line = text.data();
  ::pclose(pipe);
  return line;
}

/// Where the user says on which hosts, that holds after a loss too.
bool names_hosts(std::string const& mpi_options) { return mpi_options.find("host") != std::string::npos; }

LaunchPlace place_of(RunOptions const& options, int ranks) {
  LaunchPlace place;
  place.program = own_program();
  MUSTER_REQUIRE_ENV(!place.program.empty(), "/proc/self/exe cannot be read (the ranks run the same program); mount /proc");
  place.is_root = ::geteuid() == 0;
  place.is_in_allocation = std::getenv("SLURM_JOB_ID") != nullptr;
  place.more_options = text_in("MUSTER_MPI_OPTIONS");
  place.cpus_per_task = cpus_per_task(ranks, options.machine.threads,
                                      {text_in("SLURM_JOB_CPUS_PER_NODE"), number_in("SLURM_CPUS_PER_TASK", 0),
                                       number_in("SLURM_JOB_NUM_NODES", 1)});
  place.is_one_machine = number_in("SLURM_JOB_NUM_NODES", 1) == 1 && !names_hosts(place.more_options);
  if (options.launcher == Launcher::mpirun)
    place.has_open_mpi_4 = first_line_of("mpirun --version 2>/dev/null").find("MPI) 4.") != std::string::npos;
  return place;
}

/// Of one machine, or where the user named hosts, nothing is asked.
NodesInUse nodes_of(LaunchPlace const& place) {
  int const least = least_nodes(text_in("MUSTER_MIN_NODES"));
  if (!place.is_in_allocation || place.is_one_machine || names_hosts(place.more_options)) return {nullptr, least};
  auto const allocated = [] {
    return allocated_nodes(text_in("SLURM_JOB_ID"), text_in("SLURMD_NODENAME"), text_in("SLURM_JOB_NODELIST"),
                           text_in("SLURM_TASKS_PER_NODE"), slurm_itself());
  };
  return {allocated, least};
}

/// A rank for each GPU of this machine unless it was said.
int ranks_for(RunOptions const& options) {
  if (options.machine.ranks > 1) return options.machine.ranks;
  if (int const tasks = number_in("SLURM_NTASKS", 0); tasks > 0) return tasks;
  if (options.machine.device == topology::DeviceChoice::cpu) return 1;
  return std::max(1, static_cast<int>(topology::probe(topology::GpuProbe::look).gpus.size()));
}

}  // namespace

Supervised supervise(RunOptions const& options) {
  MUSTER_REQUIRE(!comm::is_mpi_launched(),
                 "--launcher inside ranks that mpirun or srun has started (ranks inside ranks are not a thing); leave "
                 "--launcher out");
  // Faults of the job file are told once, from here. Only its name is needed, which no plan changes.
  auto const loaded = load_job(options.job, topology::Plan{});
  auto const output = output_path(options.output, loaded.resolved.name);
  int const ranks = ranks_for(options);
  auto const place = place_of(options, ranks);
  return Supervisor(options, output, ranks, place, nodes_of(place)).run();
}

}  // namespace muster::cli
