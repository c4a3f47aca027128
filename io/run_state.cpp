#include "io/run_state.hpp"

#include <unistd.h>

#include <cerrno>

#include "core/files.hpp"
#include "core/sha256.hpp"
#include "io/atomic_file.hpp"
#include "io/run_lock.hpp"
#include "io/state_file.hpp"
#include "io/steps.hpp"
#include "io/text_rules.hpp"
#include "io/tile_file.hpp"

namespace muster::io {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t most_state_bytes = std::uint64_t{4} << 30;

fs::path beside(fs::path const& output, char const* ending) {
  fs::path path = output;
  path += ending;
  return path;
}
fs::path state_path(fs::path const& output) { return beside(output, ".state"); }
fs::path tiles_path(fs::path const& output) { return beside(output, ".tiles"); }
fs::path lock_path(fs::path const& output) { return beside(output, ".lock"); }

void remove_file(fs::path const& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_file_error("remove", path, errno);
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

}  // namespace

struct RunState::Files {
  explicit Files(fs::path const& path) : output(path), lock(lock_path(path)) {
    remove_leftovers(output);
    remove_leftovers(state_path(output));
  }

  void write_state() {
    saved.saved_utc = utc_now();
    write_file(state_path(output), encode_state(saved));
  }

  fs::path output;
  RunLock lock;
  std::optional<TileFile> tiles;
  SavedRun saved;
};

RunState::RunState(std::unique_ptr<Files> files) : files_(std::move(files)) {}
RunState::~RunState() = default;
RunState::RunState(RunState&&) noexcept = default;
RunState& RunState::operator=(RunState&&) noexcept = default;

RunState RunState::create(fs::path const& output, RunIdentity identity) {
  MUSTER_ASSERT(identity.job_hash == sha256_hex(identity.resolved_text), "hash of another job");
  MUSTER_ASSERT(is_clean_text(identity.resolved_text), "the resolved job has control characters");
  MUSTER_ASSERT(is_utc_instant(identity.started_utc), "start \"{}\"", identity.started_utc);
  auto files = std::make_unique<Files>(output);
  // The old state goes first, and durably: it must never be seen beside the new digests.
  remove_file(state_path(output));
  mark_step("state.remove");
  sync_directory(directory_of(output));
  mark_step("state.fsync_directory");
  files->tiles = TileFile::create(tiles_path(output), identity.job_hash);
  files->saved.identity = std::move(identity);
  files->write_state();
  return RunState(std::move(files));
}

RunState RunState::open(fs::path const& output, std::string const& job_hash,
                        std::uint64_t arithmetic_version) {
  auto files = std::make_unique<Files>(output);
  auto found = read_saved_run(output);
  MUSTER_REQUIRE(found.has_value(),
                 "{} does not exist (there is no unfinished run to continue); run the job without "
                 "resuming",
                 state_path(output).string());
  require_same_run(*found, output, job_hash, arithmetic_version);
  files->saved = std::move(*found);
  files->tiles = TileFile::open(tiles_path(output), job_hash);
  for (TileRange const& range : files->saved.progress.committed) files->tiles->check(range);
  return RunState(std::move(files));
}

SavedRun const& RunState::saved() const { return files_->saved; }

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

void RunState::finish(Exit verdict, std::string message) {
  files_->saved.verdict = verdict;
  files_->saved.message = std::move(message);
  files_->write_state();
}

void RunState::read_digests(std::uint64_t first, std::span<TileDigest> out) {
  files_->tiles->read(first, out);
}

void RunState::discard() {
  // State first: digests without a state are nothing, a state without its digests is a fault.
  remove_file(state_path(files_->output));
  mark_step("state.remove");
  remove_file(tiles_path(files_->output));
  mark_step("tiles.remove");
  sync_directory(directory_of(files_->output));
}

std::optional<SavedRun> read_saved_run(fs::path const& output) {
  fs::path const path = state_path(output);
  std::error_code code;
  if (fs::status(path, code).type() == fs::file_type::not_found) return std::nullopt;
  return decode_state(read_whole_file(path, most_state_bytes, "saved state"), path);
}

std::optional<LockOwner> read_lock_owner(fs::path const& output) {
  return read_lock(lock_path(output));
}

}  // namespace muster::io
