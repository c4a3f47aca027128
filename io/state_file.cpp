#include "io/state_file.hpp"

#include <limits>

#include "core/sha256.hpp"
#include "io/bytes.hpp"
#include "io/text_rules.hpp"
#include "io/verdict.hpp"

namespace muster::io {
namespace {

constexpr std::string_view state_magic = "MUSTRSTA";
constexpr std::uint32_t state_major_version = 2;
constexpr std::uint32_t state_minor_version = 2;
constexpr std::size_t checksum_bytes = 64;  // SHA-256 in hex digits
constexpr std::uint32_t no_verdict = 0xffffffff;
constexpr std::size_t size_offset = 16;

void put_identity(ByteWriter& out, RunIdentity const& identity) {
  out.text(identity.job_hash);
  out.u64(identity.seed);
  out.u64(identity.arithmetic_version);
  out.text(clean_text(identity.kind));
  out.text(clean_text(identity.name));
  out.text(clean_text(identity.muster_version));
  out.text(identity.started_utc);
  out.text(identity.resolved_text);
}

RunIdentity get_identity(ByteReader& in) {
  RunIdentity identity;
  identity.job_hash = in.text();
  identity.seed = in.u64();
  identity.arithmetic_version = in.u64();
  identity.kind = in.text();
  identity.name = in.text();
  identity.muster_version = in.text();
  identity.started_utc = in.text();
  identity.resolved_text = in.text();
  return identity;
}

void put_words(ByteWriter& out, Slots const& words) {
  out.u64(words.size());
  out.words(words);
}
Slots get_words(ByteReader& in) {
  Slots words(in.count(8));
  in.words(words);
  return words;
}

void put_progress(ByteWriter& out, RunProgress const& progress) {
  out.u32(progress.epoch);
  out.u64(progress.stage);
  out.u64(progress.tiles_planned);
  out.u64(progress.committed.size());
  for (TileRange const& range : progress.committed) {
    out.u64(range.first);
    out.u64(range.count);
  }
  out.u64(progress.counters.size());
  for (auto const& [name, value] : progress.counters) {
    out.text(clean_text(name));
    out.u64(value);
  }
  put_words(out, progress.sums);
  put_words(out, progress.carry);
}

/// What versions 2.1 and 2.2 added.
void put_additions(ByteWriter& out, SavedRun const& run) {
  out.text(clean_text(run.identity.device_kind));
  out.u64(run.progress.waypoints.size());
  for (Waypoint const& waypoint : run.progress.waypoints) {
    out.u64(waypoint.stage);
    put_words(out, waypoint.words);
  }
}
void get_additions(ByteReader& in, std::uint32_t minor, SavedRun& run) {
  if (minor >= 1) run.identity.device_kind = in.text();
  if (minor < 2) return;
  run.progress.waypoints.resize(in.count(16));
  for (Waypoint& waypoint : run.progress.waypoints) {
    waypoint.stage = in.u64();
    waypoint.words = get_words(in);
  }
}

RunProgress get_progress(ByteReader& in) {
  RunProgress progress;
  progress.epoch = in.u32();
  progress.stage = in.u64();
  progress.tiles_planned = in.u64();
  progress.committed.resize(in.count(16));
  for (TileRange& range : progress.committed) {
    range.first = in.u64();
    range.count = in.u64();
  }
  progress.counters.resize(in.count(16));
  for (auto& [name, value] : progress.counters) {
    name = in.text();
    value = in.u64();
  }
  progress.sums = get_words(in);
  progress.carry = get_words(in);
  return progress;
}

/// No less than all but its texts, which are short: a state may be of gigabytes, and is not to be copied as it grows.
std::size_t expected_bytes(SavedRun const& run) {
  constexpr std::size_t small = std::size_t{64} << 10;
  std::size_t words = run.progress.sums.size() + run.progress.carry.size() + 2 * run.progress.committed.size();
  for (Waypoint const& waypoint : run.progress.waypoints) words += waypoint.words.size();
  return 8 * words + run.identity.resolved_text.size() + small;
}

[[noreturn]] void refuse(std::filesystem::path const& file, std::string_view problem) {
  throw_error(
      Exit::user,
      "{} {} (the run cannot be continued from it); start over with --fresh, or bring back an "
      "intact copy",
      file.string(), problem);
}

bool has_clean_texts(SavedRun const& run) {
  RunIdentity const& identity = run.identity;
  for (std::string const& text :
       {identity.kind, identity.name, identity.muster_version, identity.resolved_text,
                                  identity.device_kind, run.message})
    if (!is_clean_text(text)) return false;
  for (auto const& counter : run.progress.counters)
    if (!is_clean_text(counter.first)) return false;
  return true;
}

/// What contradicts itself in `run`; empty when nothing does.
std::string_view contradiction(SavedRun const& run) {
  RunIdentity const& identity = run.identity;
  if (!has_clean_texts(run)) return "holds a text that is no clean UTF-8";
  if (identity.job_hash != sha256_hex(identity.resolved_text))
    return "holds a job that does not have the hash beside it";
  if (!is_utc_instant(identity.started_utc) || !is_utc_instant(run.saved_utc))
    return "holds a time that is none";
  if (!are_proper_ranges(run.progress.committed)) return "holds tile ranges out of order";
  auto const& waypoints = run.progress.waypoints;
  if (!are_proper_waypoints(waypoints) || (!waypoints.empty() && waypoints.back().stage > run.progress.stage))
    return "holds waypoints out of order";
  return {};
}

/// Everything before the checksum, once size, version and checksum hold.
std::string_view checked_body(std::string const& bytes, std::filesystem::path const& file) {
  std::string_view const all = bytes;
  if (!all.starts_with(state_magic) || all.size() < size_offset + 8 + checksum_bytes)
    refuse(file, "is not a saved state of muster's, or is cut short");
  ByteReader head(all.substr(state_magic.size()));
  std::uint32_t const major = head.u32(), minor = head.u32();
  MUSTER_REQUIRE(
      major == state_major_version,
      "{} is version {}.{}, this muster reads {}.x (its fields are others); continue with {} "
      "release, or start over with --fresh",
      file.string(), major, minor, state_major_version, major > state_major_version ? "a newer" : "an older");
  if (head.u64() != all.size()) refuse(file, "is cut short or has bytes too many");
  auto const body = all.substr(0, all.size() - checksum_bytes);
  if (sha256_hex(body) != all.substr(body.size()))
    refuse(file, "is damaged: its checksum is another");
  return body;
}

/// Of a file that checked_body has let pass.
std::uint32_t minor_version_of(std::string const& bytes) {
  return ByteReader(std::string_view(bytes).substr(state_magic.size() + 4)).u32();
}

}  // namespace

bool are_proper_ranges(std::vector<TileRange> const& ranges) {
  bool is_first = true;
  std::uint64_t last_end = 0;
  for (TileRange const& range : ranges) {
    if (range.count == 0) return false;
    if (range.count > std::numeric_limits<std::uint64_t>::max() - range.first) return false;
    if (!is_first && range.first <= last_end) return false;
    last_end = range.end();
    is_first = false;
  }
  return true;
}

bool are_proper_waypoints(std::vector<Waypoint> const& waypoints) {
  std::uint64_t last = 0;
  for (Waypoint const& waypoint : waypoints) {
    if (waypoint.stage <= last || waypoint.words.empty()) return false;
    last = waypoint.stage;
  }
  return true;
}

std::string encode_state(SavedRun const& run) {
  ByteWriter out;
  out.reserve(expected_bytes(run));
  out.raw(state_magic);
  out.u32(state_major_version);
  out.u32(state_minor_version);
  out.u64(0);  // the size, once it is known
  put_identity(out, run.identity);
  out.text(run.saved_utc);
  out.u32(run.verdict ? static_cast<std::uint32_t>(*run.verdict) : no_verdict);
  out.text(clean_text(run.message));
  put_progress(out, run.progress);
  put_additions(out, run);
  out.replace_u64(size_offset, out.bytes().size() + checksum_bytes);
  out.raw(sha256_hex(out.bytes()));
  return std::move(out.bytes());
}

SavedRun decode_state(std::string const& bytes, std::filesystem::path const& file) {
  ByteReader in(checked_body(bytes, file).substr(size_offset + 8));
  SavedRun run;
  run.identity = get_identity(in);
  run.saved_utc = in.text();
  std::uint32_t const verdict = in.u32();
  run.message = in.text();
  run.progress = get_progress(in);
  get_additions(in, minor_version_of(bytes), run);
  if (!in.is_good() || in.left() != 0) refuse(file, "has fields that do not fit its size");
  if (verdict != no_verdict) {
    run.verdict = verdict_of(verdict);
    if (!run.verdict) refuse(file, "holds a verdict that is no exit code of muster's");
  }
  if (auto const problem = contradiction(run); !problem.empty()) refuse(file, problem);
  return run;
}

}  // namespace muster::io
