#include "io/run_state.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "core/log.hpp"
#include "core/sha256.hpp"
#include "io/atomic_file.hpp"
#include "io/run_files.hpp"
#include "io/small_file.hpp"
#include "io/state_file.hpp"
#include "io/steps.hpp"
#include "io/stop_request.hpp"
#include "io/text_rules.hpp"
#include "io/tile_file.hpp"

namespace muster::io {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t most_state_bytes = std::uint64_t{4} << 30;
constexpr int most_looks = 1000;

/// The state with the highest number: `known`, if that is it. A run may replace it while it is read: then
/// there is a newer.
std::optional<SavedRun> find_newest_state(fs::path const& output,
                                          std::optional<SavedRun> known = std::nullopt) {
  for (int attempt = 0; attempt < most_looks; ++attempt) {
    auto const states = list_run_files(output).states;
    if (states.empty()) return std::nullopt;
    if (known && known->number == states.back()) return known;
    fs::path const path = state_path(output, states.back());
    auto const bytes = read_if_there(path, most_state_bytes);
    if (!bytes) continue;
    auto run = decode_state(*bytes, path);
    run.number = states.back();
    return run;
  }
  throw Error(Exit::environment,
              fmt::format("{} has a new state at every look (none could be read); try again",
                          output.string()),
              Retry::may_help);
}

void require_same_run(SavedRun const& saved, fs::path const& output, std::string const& job_hash,
                      std::uint64_t arithmetic_version) {
  RunIdentity const& identity = saved.identity;
  MUSTER_REQUIRE(
      identity.job_hash == job_hash,
      "{} belongs to another job: an unfinished run of \"{}\" begun {} lies beside it "
      "(continuing would mix two answers); choose another --out, or give it up with --fresh",
      output.string(), identity.name, identity.started_utc);
  MUSTER_REQUIRE(
      identity.arithmetic_version == arithmetic_version,
      "the unfinished run of {} was begun by muster {} with arithmetic version {}, this one "
      "has {} (their bits differ); finish it with that release, or start over with --fresh",
      output.string(), identity.muster_version, identity.arithmetic_version, arithmetic_version);
}

/// A file that stays costs room, no more.
void remove_or_warn(fs::path const& path) {
  if (int const failed = remove_file(path); failed != 0)
    log::warn("{} stays: {}", path.string(), std::generic_category().message(failed));
}

/// States first, and durably: digests without a state are nothing, the other way is a fault.
void remove_all(fs::path const& output, RunFiles const& found) {
  for (StateNumber const number : found.states) remove_or_warn(state_path(output, number));
  sync_directory(directory_of(output));
  for (std::uint32_t const epoch : found.tiles) remove_or_warn(tiles_path(output, epoch));
  sync_directory(directory_of(output));
}

}  // namespace

struct RunState::Files {
  Files(fs::path const& path, TakeOver take_over) : output(path), lock(lock_path(path), take_over) {
    remove_leftovers(output);
    for (fs::path const& temporary : list_run_files(output).temporaries) remove_or_warn(temporary);
    withdraw_stop(output, lock.owner());
  }

  /// The next epoch is whose digest file can be made: of all that try, on any host, one gets it.
  void take_epoch(std::string const& job_hash) {
    for (int attempt = 0; attempt < most_looks && !tiles; ++attempt) {
      std::uint32_t const last = list_run_files(output).newest_epoch();
      MUSTER_REQUIRE(last < std::numeric_limits<std::uint32_t>::max(),
                     "a file beside {} has {} in its name (no start can have a later epoch); "
                     "remove it",
                     output.string(), last);
      epoch = last + 1;
      tiles = TileFile::create(tiles_path(output, epoch), job_hash);
    }
    MUSTER_REQUIRE_ENV(tiles.has_value(),
                       "no epoch could be had for {} in {} attempts (others keep starting it); "
                       "find out who does",
                       output.string(), most_looks);
  }

  /// The first state of the epoch; without it the epoch is given back.
  void save_first(std::function<void()> const& prepare = [] {}) {
    try {
      prepare();
      write_state();
    } catch (...) {
      if (!newest) remove_or_warn(tiles_path(output, epoch));
      throw;
    }
  }

  /// The digests that the adopted state counts on, into this epoch's own file.
  void adopt(SavedRun found) {
    saved = std::move(found);
    saved.verdict.reset();  // of the start before
    saved.message.clear();
    auto old = TileFile::open(tiles_path(output, saved.number.epoch), saved.identity.job_hash);
    for (TileRange const& range : saved.progress.committed) old.copy(range, *tiles, epoch);
    tiles->sync();
    // The orchestrator's own count goes one further.
    if (saved.progress.epoch != 0)
      saved.progress.epoch = std::max(saved.progress.epoch, epoch - 1);
  }

  /// What lies there, as of now. Throws when a newer start has been, or has even been and gone.
  RunFiles look() {
    RunFiles found = list_run_files(output);
    bool const is_there = !newest || identity_of(state_path(output, {epoch, sequence})) == newest;
    if (found.newest_epoch() == epoch && is_there) return found;
    is_superseded = true;
    throw_error(Exit::stopped,
                "another start has taken over {} ({}; this one, {}, leaves everything to it, and "
                "nothing that was saved is lost); see muster status {}",
                output.string(),
                found.newest_epoch() > epoch ? fmt::format("it has epoch {}", found.newest_epoch())
                                             : "the state saved last is gone",
                epoch, output.string());
  }

  /// A state under a new name. After a failed write the next one has another name again: what a
  /// failed fsync leaves is not to be trusted.
  void write_state() {
    saved.saved_utc = utc_now();
    StateNumber const number{epoch, sequence_tried + 1};
    ++sequence_tried;
    std::string const bytes = encode_state(saved);
    RunFiles before;
    AtomicFile file(state_path(output, number), Links::replace);
    file.write(bytes.data(), bytes.size());
    try {
      file.commit([&] { before = look(); });
    } catch (Error const&) {
      if (!is_superseded) look();  // a file that vanished under our hands has its reason there
      throw;
    }
    newest = identity_of(state_path(output, number));
    saved.number = number;
    sequence = number.sequence;
    remove_older(before, number);
  }

  /// Only ever after a newer state is durable.
  void remove_older(RunFiles const& found, StateNumber kept) {
    for (StateNumber const number : found.states)
      if (number < kept) remove_or_warn(state_path(output, number));
    for (std::uint32_t const old : found.tiles)
      if (old < kept.epoch) remove_or_warn(tiles_path(output, old));
  }

  fs::path output;
  RunLock lock;
  std::uint32_t epoch = 0;
  std::uint64_t sequence = 0, sequence_tried = 0;
  std::optional<FileIdentity> newest;  ///< of the state saved last
  bool is_superseded = false;
  std::optional<TileFile> tiles;
  SavedRun saved;
};

RunState::RunState(std::unique_ptr<Files> files) : files_(std::move(files)) {}
RunState::~RunState() = default;
RunState::RunState(RunState&&) noexcept = default;
RunState& RunState::operator=(RunState&&) noexcept = default;

RunState RunState::create(fs::path const& output, RunIdentity identity, TakeOver take_over) {
  MUSTER_ASSERT(sha256_hex(identity.resolved_text) == identity.job_hash, "hash of another job");
  auto files = std::make_unique<Files>(output, take_over);
  files->take_epoch(identity.job_hash);
  files->saved.identity = std::move(identity);
  files->save_first();
  return RunState(std::move(files));
}

RunState RunState::open(fs::path const& output, std::string const& job_hash,
                        std::uint64_t arithmetic_version, TakeOver take_over,
                        std::optional<SavedRun> known) {
  auto files = std::make_unique<Files>(output, take_over);
  auto const find = [&](std::optional<SavedRun> before) {
    auto found = find_newest_state(output, std::move(before));
    MUSTER_REQUIRE(found.has_value(),
                   "there is no {}.state.* (there is no unfinished run to continue); run the job "
                   "without resuming",
                   output.string());
    require_same_run(*found, output, job_hash, arithmetic_version);
    return std::move(*found);
  };
  known = find(std::move(known));  // refuse before anything is changed
  files->take_epoch(job_hash);
  // Again: the one before may have saved until its epoch was over.
  files->save_first([&] { files->adopt(find(std::move(known))); });
  return RunState(std::move(files));
}

SavedRun const& RunState::saved() const { return files_->saved; }
std::uint32_t RunState::epoch() const { return files_->epoch; }
RunLock const& RunState::lock() const { return files_->lock; }

void RunState::commit(TileRange range, std::span<TileDigest const> digests, std::uint32_t epoch) {
  MUSTER_ASSERT(range.count == digests.size(), "{} digests for {} tiles", digests.size(),
                range.count);
  files_->tiles->write(range.first, digests, epoch);
}

void RunState::save(RunProgress progress) {
  MUSTER_ASSERT(are_proper_ranges(progress.committed), "committed ranges out of order");
  files_->tiles->sync();
  SavedRun& saved = files_->saved;
  saved.progress = std::move(progress);
  saved.verdict.reset();
  saved.message.clear();
  files_->write_state();
}

void RunState::require_still_ours() { files_->look(); }

void RunState::finish(Exit verdict, std::string message) {
  if (files_->is_superseded) return;
  files_->saved.verdict = verdict;
  files_->saved.message = std::move(message);
  files_->write_state();
  remove_or_warn(stop_path(files_->output));
}

void RunState::read_digests(std::uint64_t first, std::span<TileDigest> out) {
  files_->tiles->read(first, out);
}

void RunState::discard() {
  RunFiles const found = list_run_files(files_->output);
  if (found.newest_epoch() > files_->epoch) return;  // the newer start counts on them
  remove_all(files_->output, found);
}

std::uint64_t committed_tiles(RunProgress const& progress) {
  std::uint64_t tiles = 0;
  for (TileRange const& range : progress.committed) tiles += range.count;
  return tiles;
}

std::optional<SavedRun> read_saved_run(fs::path const& output) {
  return find_newest_state(output);
}

std::optional<LockOwner> read_lock_owner(fs::path const& output) {
  auto const lock = read_lock(lock_path(output));
  if (!lock) return std::nullopt;
  return lock->owner.who;
}

void remove_leftovers_of_run(fs::path const& output, std::string const& job_hash) {
  RunFiles const found = list_run_files(output);
  bool const has_lock = read_lock(lock_path(output)).has_value();
  if (found.states.empty() && found.tiles.empty() && found.temporaries.empty() && !has_lock) return;
  RunLock const lock(lock_path(output));
  auto const newest = find_newest_state(output);
  if (newest && newest->identity.job_hash != job_hash) return;
  remove_leftovers(output);
  withdraw_stop(output, lock.owner());
  RunFiles const now = list_run_files(output);
  for (fs::path const& temporary : now.temporaries) remove_or_warn(temporary);
  remove_all(output, now);
}

}  // namespace muster::io
