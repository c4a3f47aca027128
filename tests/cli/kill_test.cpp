// `muster run` as a whole, killed at each call that changes a file, and resumed. A sample of the kill
// points by default; MUSTER_KILL_POINTS=500 takes so many, evenly over the run.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/dispatch.hpp"
#include "io/result_file.hpp"
#include "io/standing.hpp"
#include "tests/io/scratch.hpp"
#include "tests/io/step_watchers.hpp"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

constexpr int default_points = 24;

std::vector<std::string> command(fs::path const& output) {
  return {"muster", "run", std::string(MUSTER_SOURCE_DIR) + "/examples/price_european.toml",
          "--set", "simulation.paths=2097152", "--set", "simulation.tile_paths=16384", "--device", "cpu",
          "--threads", "1", "--commit-interval", "0.01", "--quiet", "--out", output.string()};
}

/// Exit code of the run in a process of its own; 9 when it was killed at the point.
int run(fs::path const& output, io::StepWatcher* watcher) {
  pid_t const child = ::fork();
  if (child == 0) {
    int const nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, 1);
    ::dup2(nowhere, 2);
    io::set_step_watcher(watcher);
    auto const words = command(output);
    std::vector<char const*> arguments;
    for (auto const& word : words) arguments.push_back(word.c_str());
    ::_exit(run_command_line(static_cast<int>(arguments.size()), arguments.data()));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "crashed";
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Writes how many calls a run makes beside its output, at its end.
class Counter : public io::StepWatcher {
 public:
  explicit Counter(fs::path file) : file_(std::move(file)) {}
  void after(io::Step const& step) override {
    if (!io::changes_files(step)) return;
    ++calls_;
    io::spill(file_, std::to_string(calls_));
  }

 private:
  fs::path file_;
  int calls_ = 0;
};

std::uint64_t committed(fs::path const& output) {
  auto const saved = io::read_saved_run(output);
  std::uint64_t tiles = 0;
  if (saved)
    for (auto const& range : saved->progress.committed) tiles += range.count;
  return tiles;
}

/// Tiles that the last start computed, as its log says.
std::uint64_t computed_last(fs::path const& output) {
  auto const log = io::slurp(output.string() + ".log");
  auto const at = log.rfind(" computed ");
  return at == std::string::npos ? 0 : std::stoull(log.substr(at + 10));
}

TEST(KilledRun, ResumesFromEveryPoint) {
  io::Scratch const place(io::Kept::in_memory);
  Counter counter(place / "calls");
  ASSERT_EQ(run(place / "whole.h5", &counter), 0);
  auto const whole = io::read_result(place / "whole.h5");
  int const all = io::Killer::points_a_call * std::stoi(io::slurp(place / "calls"));
  char const* const wanted = std::getenv("MUSTER_KILL_POINTS");
  int const points = wanted != nullptr ? std::max(1, std::atoi(wanted)) : default_points;
  int killed = 0, resumed_with_tiles = 0;
  for (int i = 0; i < points; ++i) {
    int const point = static_cast<int>(static_cast<long>(i) * all / points);
    SCOPED_TRACE(testing::Message() << "kill point " << point << " of " << all);
    auto const output = place / (std::to_string(i) + ".h5");
    io::Killer killer(point);
    int const code = run(output, &killer);
    ASSERT_TRUE(code == 9 || code == 0) << code;
    killed += code == 9;
    std::uint64_t const before = committed(output);
    bool const was_done = io::standing_of(output).verdict == Exit::done;
    ASSERT_EQ(run(output, nullptr), 0);
    EXPECT_EQ(io::read_result(output).result_digest, whole.result_digest);
    if (!was_done) {
      EXPECT_EQ(before + computed_last(output), whole.tiles) << "tiles repeated or lost";
      resumed_with_tiles += before > 0;
    }
    for (auto const& entry : fs::directory_iterator(place.path()))
      EXPECT_TRUE(entry.path().extension() == ".h5" || entry.path().extension() == ".log" ||
                  entry.path().filename() == "calls")
          << entry.path();
    fs::remove(output);
    fs::remove(output.string() + ".log");
  }
  std::printf("%d kill points of %d calls: %d killed, %d resumed with tiles\n", points, all / 3, killed,
              resumed_with_tiles);
  EXPECT_GT(killed, points / 2);
  EXPECT_GT(resumed_with_tiles, 0);
}

}  // namespace
}  // namespace muster::cli
