#include "cli/selftest/storage.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>

#include "cli/build_info.hpp"
#include "cli/run_output.hpp"
#include "core/error.hpp"
#include "core/files.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "io/libraries.hpp"
#include "io/result_file.hpp"
#include "io/run_files.hpp"
#include "io/run_state.hpp"
#include "kernels/version.hpp"

namespace muster::cli::selftest {
namespace {

namespace fs = std::filesystem;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t file_bytes = std::size_t{8} << 20;
constexpr std::uint64_t tiles = 1000;

/// Files of one check, gone at its end.
class Scratch {
 public:
  Scratch(fs::path const& folder, std::string_view use)
      : path_(folder / fmt::format(".muster-selftest-{}-{}.h5", use, ::getpid())) {
    remove();
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;
  ~Scratch() { remove(); }
  fs::path const& path() const { return path_; }

 private:
  void remove() const {
    std::error_code ignored;  // what is not there need not be removed
    auto const files = io::list_run_files(path_);
    for (auto const number : files.states) fs::remove(io::state_path(path_, number), ignored);
    for (auto const epoch : files.tiles) fs::remove(io::tiles_path(path_, epoch), ignored);
    fs::remove(io::lock_path(path_), ignored);
    fs::remove(path_, ignored);
  }
  fs::path path_;
};

/// Random enough that no file system stores less than all of it.
std::string content() {
  std::string bytes(file_bytes, '\0');
  std::uint64_t state = 1;
  for (auto& byte : bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

/// Twice, so that the second replaces a file that is there.
Line check_files(fs::path const& folder) {
  Scratch const scratch(folder, "file");
  auto const bytes = content();
  io::write_file(scratch.path(), "the old content");
  auto const start = std::chrono::steady_clock::now();
  io::write_file(scratch.path(), bytes);
  Seconds const taken = std::chrono::steady_clock::now() - start;
  auto const rate = static_cast<double>(file_bytes) / taken.count();
  auto const figure = fmt::format("{}/s", human_bytes(static_cast<std::uint64_t>(rate)));
  bool const is_same = read_whole_file(scratch.path(), 2 * file_bytes, "selftest file") == bytes;
  auto line = is_same ? passed("files", figure, "written, fsynced, renamed over an old file, read back")
                      : failed("files", figure, "a file read back is not what was written (results would be damaged); "
                                                "use another file system for outputs");
  line.values = {{"bytes_per_s", rate}};
  return line;
}

io::Result sample_result() {
  io::Result result;
  result.kind = "price";
  result.name = "selftest";
  result.resolved_text = "kind = \"price\"\n";
  result.job_hash = sha256_hex(result.resolved_text);
  result.arithmetic_version = kernels::arithmetic_version;
  result.muster_version = version();
  result.git_sha = git_sha();
  result.topology_json = "{}";
  result.devices = "none";
  result.started_utc = result.ended_utc = now_utc();
  result.stop_rule = "all tiles";
  result.tables = {{"numbers", "A table.", {{"value", "USD", std::vector<double>{0.1, -2.5, 1e300}}}}};
  result.sums = {1, -2, 3};
  result.tiles = tiles;
  return result;
}

TileDigest digest_of_tile(std::uint64_t tile) { return {tile * 0x9e3779b97f4a7c15, ~tile}; }

Line check_hdf5(fs::path const& folder) {
  Scratch const scratch(folder, "result");
  auto const written = sample_result();
  auto const start = std::chrono::steady_clock::now();
  auto const digest = io::write_result(scratch.path(), written, [](std::uint64_t first, std::span<TileDigest> out) {
    for (auto& tile : out) tile = digest_of_tile(first++);
  });
  io::ResultFile const file(scratch.path());
  std::vector<TileDigest> digests(tiles);
  file.read_digests(0, digests);
  Seconds const taken = std::chrono::steady_clock::now() - start;
  auto const& read = file.result();
  bool is_same = read.result_digest == digest && read.sums == written.sums;
  for (std::uint64_t tile = 0; tile < tiles; ++tile) is_same = is_same && digests[tile] == digest_of_tile(tile);
  auto const figure = human_duration(taken.count());
  auto line = is_same ? passed("HDF5", figure, fmt::format("libhdf5 {}: a result written and read back, checksum right",
                                                           io::hdf5_version()))
                      : failed("HDF5", figure, "a result read back is not what was written (results would be damaged); "
                                               "use another file system for outputs");
  line.values = {{"seconds", taken.count()}};
  return line;
}

io::RunIdentity sample_run() {
  auto const result = sample_result();
  return {result.kind, result.name, result.resolved_text, result.job_hash, 0,
          result.arithmetic_version, result.muster_version, result.started_utc};
}

/// A second run of the same output has to be refused while the first one lives, and to resume after it.
Line check_locking(fs::path const& folder) {
  Scratch const scratch(folder, "state");
  auto const broken = [](std::string reason) { return failed("locking", "", std::move(reason)); };
  {
    auto first = io::RunState::create(scratch.path(), sample_run());
    TileDigest const digest = digest_of_tile(0);
    first.commit({0, 1}, {&digest, 1}, 1);
    first.save({1, {{0, 1}}, 0, 1, {1}, {}});
    try {
      auto const second = io::RunState::create(scratch.path(), sample_run());
      return broken("a second run got the lock of the first (two runs would overwrite each other's files); use another "
                    "file system for outputs");
    } catch (Error const& refusal) {
      if (refusal.code() != Exit::user) return broken(refusal.what());
    }
  }
  auto const again = io::RunState::open(scratch.path(), sample_run().job_hash, kernels::arithmetic_version);
  if (again.saved().progress.committed.size() != 1)
    return broken("a saved state was read back without its commit (runs could not resume); use another file system");
  return passed("locking", "", "a second run is refused, a saved state is resumed");
}

Line check_free_space(fs::path const& folder) {
  auto const space = fs::space(folder);
  return judge_free_space(space.available, space.capacity);
}

}  // namespace

Line judge_free_space(std::uint64_t free_bytes, std::uint64_t total_bytes) {
  auto const figure = fmt::format("{} of {}", human_bytes(free_bytes), human_bytes(total_bytes));
  auto line = free_bytes >= least_free_bytes
                  ? passed("free space", figure, fmt::format("at least {}", human_bytes(least_free_bytes)))
                  : failed("free space", figure, fmt::format("less than {} (a result or a state would not fit); make room "
                                                             "or write elsewhere", human_bytes(least_free_bytes)));
  line.values = {{"free_bytes", static_cast<double>(free_bytes)}};
  return line;
}

Lines check_storage(fs::path const& folder) {
  Lines lines;
  lines.push_back(guarded("free space", [&] { return check_free_space(folder); }));
  lines.push_back(guarded("files", [&] { return check_files(folder); }));
  if (has_failed(lines)) return lines;
  lines.push_back(guarded("HDF5", [&] { return check_hdf5(folder); }));
  lines.push_back(guarded("locking", [&] { return check_locking(folder); }));
  return lines;
}

}  // namespace muster::cli::selftest
