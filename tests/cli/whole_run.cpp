#include "tests/cli/whole_run.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <regex>

#include "cli/dispatch.hpp"
#include "io/result_file.hpp"
#include "io/standing.hpp"
#include "io/steps.hpp"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using Kind = io::Step::Kind;

/// What a child leaves behind for its parent, whatever ends it.
struct Will {
  int calls = 0, state_reads = 0;
  std::uint64_t promised = 0;
};

class SharedWill {
 public:
  SharedWill()
      : will_(static_cast<Will*>(::mmap(nullptr, sizeof(Will), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (will_ == MAP_FAILED) std::abort();
    *will_ = {};
  }
  SharedWill(SharedWill const&) = delete;
  SharedWill& operator=(SharedWill const&) = delete;
  ~SharedWill() { ::munmap(will_, sizeof(Will)); }
  Will& operator*() const { return *will_; }

 private:
  Will* will_;
};

/// Only the thread that leads the run changes files; another one looks for stop requests.
class Fate : public io::StepWatcher {
 public:
  Fate(fs::path output, Doom const& doom, Will& will) : output_(std::move(output)), doom_(doom), will_(will) {}

  int before(io::Step const& step) override {
    if (step.kind == Kind::read) return note_read(step);
    int const first = 3 * will_.calls++;
    if (doom_.kill_point == first) die();
    if (doom_.kill_point == first + 1) {
      auto const half = step.bytes.substr(0, step.bytes.size() / 2);
      if (step.kind == Kind::write && ::pwrite(step.fd, half.data(), half.size(), static_cast<off_t>(step.offset)) < 0)
        std::abort();
      die();
    }
    return 0;
  }
  void after(io::Step const& step) override {
    if (step.kind == Kind::read) return;
    if (step.kind == Kind::rename && !is_looking_) note_promise(fs::path(step.to));
    if (doom_.kill_point == 3 * will_.calls - 1) die();
  }

 private:
  int note_read(io::Step const& step) {
    if (!is_looking_ && step.path.find(".state.") != step.path.npos) ++will_.state_reads;
    return 0;
  }
  [[noreturn]] static void die() {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
  }
  void note_promise(fs::path const& named) {
    if (named.filename().string().find(".lock") != std::string::npos) return;
    is_looking_ = true;
    auto const saved = io::read_saved_run(output_);
    is_looking_ = false;
    if (named == output_)
      will_.promised = io::read_result(output_).tiles;
    else if (saved)
      will_.promised = io::committed_tiles(saved->progress);
    if (!doom_.is_stopped || will_.promised == 0) return;
    doom_.is_stopped = false;
    ::kill(::getpid(), SIGTERM);
  }

  fs::path const output_;
  Doom doom_;
  Will& will_;
  bool is_looking_ = false;
};

[[noreturn]] void become(std::vector<std::string> const& words, int out, fs::path const& output, Doom const& doom, Will& will) {
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  Fate fate(output, doom, will);
  io::set_step_watcher(&fate);
  std::vector<char const*> arguments{"muster"};
  for (auto const& word : words) arguments.push_back(word.c_str());
  int const code = run_command_line(static_cast<int>(arguments.size()), arguments.data());
  std::fflush(nullptr);
  ::_exit(code);
}

std::string text_in(int fd) {
  std::string text;
  std::array<char, 4096> part{};
  ::lseek(fd, 0, SEEK_SET);
  for (ssize_t got = 0; (got = ::read(fd, part.data(), part.size())) > 0;) text.append(part.data(), static_cast<std::size_t>(got));
  return text;
}

/// Tiles that the start which wrote the result has computed itself.
std::uint64_t computed_tiles(io::Result const& result) {
  static std::regex const tiles("\"tiles\":\\s*(\\d+)");
  std::uint64_t sum = 0;
  auto const& text = result.execution_json;
  for (std::sregex_iterator at(text.begin(), text.end(), tiles), end; at != end; ++at) sum += std::stoull((*at)[1]);
  return sum;
}

/// All but the log, which stays.
std::vector<std::string> other_names_beside(fs::path const& output) {
  std::vector<std::string> names;
  fs::path const log = output.string() + ".log";
  for (auto const& entry : fs::directory_iterator(output.parent_path()))
    if (entry.path() != output && entry.path() != log) names.push_back(entry.path().filename().string());
  return names;
}

}  // namespace

Ended run_whole(std::vector<std::string> const& words, fs::path const& output, Doom const& doom) {
  SharedWill const will;
  int const out = ::memfd_create("said", MFD_CLOEXEC);
  std::fflush(nullptr);
  pid_t const child = ::fork();
  if (child == 0) become(words, out, output, doom, *will);
  int status = 0;
  ::waitpid(child, &status, 0);
  Ended ended;
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ended.calls = (*will).calls;
  ended.state_reads = (*will).state_reads;
  ended.promised = (*will).promised;
  ended.said = text_in(out);
  ::close(out);
  EXPECT_TRUE(WIFEXITED(status) || WTERMSIG(status) == SIGKILL) << "it crashed: " << ended.said;
  return ended;
}

std::vector<std::string> run_words(fs::path const& output, std::vector<std::string> const& more) {
  std::vector<std::string> words{"run", MUSTER_SOURCE_DIR "/examples/price_european.toml", "--set", "simulation.paths=393216",
                                 "--set", "simulation.tile_paths=16384", "--device", "cpu", "--threads", "1",
                                 "--commit-interval", "0.05", "--quiet", "--json", "--out", output.string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Found found_at(fs::path const& output, std::string const& job_hash) {
  auto const standing = io::standing_of(output);
  if (standing.saved && standing.saved->identity.job_hash == job_hash) return {io::committed_tiles(standing.saved->progress), true};
  if (!fs::exists(output)) return {};
  auto const result = io::read_result(output);
  if (result.job_hash != job_hash) return {};
  return {result.tiles, true};
}

void expect_resumed(std::vector<std::string> const& words, fs::path const& output, Found const& found, std::string const& digest) {
  auto const resumed = run_whole(words, output);
  ASSERT_EQ(resumed.code, 0) << resumed.said;
  auto const result = io::read_result(output);
  EXPECT_EQ(result.result_digest, digest);
  bool const is_computed = resumed.said.find("\"computed_now\": true") != std::string::npos;
  if (is_computed) {
    EXPECT_EQ(computed_tiles(result), result.tiles - found.tiles) << "tiles computed again, or lost";
  } else {
    EXPECT_EQ(found.tiles, result.tiles);
  }
  EXPECT_EQ(other_names_beside(output), std::vector<std::string>{});
}

int stride(int sample) {
  char const* const asked = std::getenv("MUSTER_EVERY");
  int const every = asked == nullptr ? sample : std::atoi(asked);
  return every >= 1 ? every : sample;
}

}  // namespace muster::cli
