#include "cli/launched.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>

#include "core/error.hpp"
#include "topology/lost_gpus.hpp"

namespace muster::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_interval{50};
constexpr std::chrono::seconds natural_limit{1};
/// For mpirun to tell its daemons; when it is killed they end what is left there.
constexpr std::chrono::seconds launcher_limit{1};
constexpr std::chrono::seconds ranks_limit{10};

/// NAME=VALUE entries, each ended by a zero; empty where another user's process may not be read.
std::string environment_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool has_entry(std::string const& environment, std::string const& entry) {
  std::string_view rest = environment;
  while (!rest.empty()) {
    auto const end = rest.find('\0');
    if (rest.substr(0, end) == entry) return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
  return false;
}

bool is_rank_zero(std::string const& environment) {
  return has_entry(environment, "OMPI_COMM_WORLD_RANK=0") || has_entry(environment, "PMIX_RANK=0");
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  std::error_code fault;
  for (auto const& entry : std::filesystem::directory_iterator("/proc", fault)) {
    auto const name = entry.path().filename().string();
    pid_t pid = 0;
    auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

/// Read end first.
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  MUSTER_REQUIRE_ENV(::pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe was refused ({}); raise `ulimit -n`", std::strerror(errno));
  return ends;
}

/// All that is there now; false at the end.
bool read_available(int fd, std::string& text) {
  std::array<char, 4096> part{};
  for (;;) {
    auto const size = ::read(fd, part.data(), part.size());
    if (size > 0)
      text.append(part.data(), static_cast<std::size_t>(size));
    else if (size == 0 || errno != EINTR)
      return size != 0;
  }
}

/// mpirun's own words about each rank that is lost, which muster tells better.
bool is_noise(std::string_view line) { return line.find("PMIX ERROR: ") != std::string_view::npos; }

[[noreturn]] void become(std::vector<std::string> const& line, std::string const& mark, int report_fd, int out, int err) {
  ::setpgid(0, 0);
  // Should the supervisor die, its run ends in good order.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  for (int const signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
  int const nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::setenv(Launched::mark_name, mark.c_str(), 1);
  std::vector<char*> words;
  for (auto const& word : line) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  int const failed = errno;
  [[maybe_unused]] auto const told = ::write(report_fd, &failed, sizeof failed);
  ::_exit(127);
}

}  // namespace

Launched::Launched(std::vector<std::string> const& line, std::string mark) : mark_(std::move(mark)) {
  auto const report = make_pipe(), out = make_pipe(), err = make_pipe();
  pid_ = ::fork();
  if (pid_ == 0) become(line, mark_, report[1], out[1], err[1]);
  int const fork_error = errno;
  for (int const fd : {report[1], out[1], err[1]}) ::close(fd);
  stdout_ = out[0];
  stderr_ = err[0];
  for (int const fd : {stdout_, stderr_}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  int failed = 0;
  // Ends with nothing once the launcher runs: the other end is closed by exec.
  bool const is_told = pid_ > 0 && ::read(report[0], &failed, sizeof failed) == static_cast<ssize_t>(sizeof failed);
  ::close(report[0]);
  MUSTER_REQUIRE_ENV(pid_ > 0, "no process could be started ({}); check `ulimit -u`", std::strerror(fork_error));
  if (is_told) ::waitpid(pid_, nullptr, 0);
  MUSTER_REQUIRE_ENV(!is_told, "{} cannot be started ({}: it starts the ranks); install it (scripts/setup), or leave "
                     "--launcher out for ranks as threads", line.front(), std::strerror(failed));
  launcher_.emplace(process_with(pid_).value_or(ProcessId{pid_, 0}));
}

Launched::~Launched() {
  if (!is_over_) end();
  for (int const fd : {stdout_, stderr_}) ::close(fd);
}

void Launched::relay() {
  has_stdout_ended_ = !read_available(stdout_, said_);
  has_stderr_ended_ = !read_available(stderr_, complaints_);
  pass_lines_on(has_stderr_ended_);
}

void Launched::pass_lines_on(bool is_end) {
  for (;;) {
    auto const end = complaints_.find('\n');
    bool const is_last = end == std::string::npos;
    if (is_last && (!is_end || complaints_.empty())) return;
    auto const line = complaints_.substr(0, is_last ? end : end + 1);
    complaints_.erase(0, line.size());
    has_complained_ = has_complained_ || is_noise(line);
    if (auto const uuid = topology::lost_gpu_in(line)) lost_gpus_.insert(*uuid);
    if (!is_noise(line)) std::fwrite(line.data(), 1, line.size(), stderr);
  }
}

bool Launched::has_ended() {
  relay();
  if (!is_over_) is_over_ = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
  return is_over_;
}

void Launched::wait(std::chrono::milliseconds limit) const {
  std::vector<pollfd> polled;
  if (!has_stdout_ended_) polled.push_back({stdout_, POLLIN, 0});
  if (!has_stderr_ended_) polled.push_back({stderr_, POLLIN, 0});
  for (auto const* process : {&launcher_, &root_})
    if (*process && (*process)->fd() >= 0) polled.push_back({(*process)->fd(), POLLIN, 0});
  // A signal ends it too.
  ::poll(polled.data(), polled.size(), static_cast<int>(limit.count()));
}

void Launched::send(int signal) {
  if (!has_ended()) ::kill(pid_, signal);
}

void Launched::look() {
  if (Clock::now() < next_look_) return;
  next_look_ = Clock::now() + look_interval;
  for (auto const& process : ranks_here()) {
    bool const is_known = std::any_of(seen_.begin(), seen_.end(),
                                      [&](ProcessHandle const& known) { return known.process() == process; });
    if (is_known) continue;
    seen_.emplace_back(process);
    if (!root_ && is_rank_zero(environment_of(process.pid))) root_.emplace(process);
  }
}

bool Launched::follow(pid_t pid) {
  for (auto const& rank : seen_)
    if (rank.process().pid == pid && !rank.is_dead()) {
      root_.emplace(rank.process());
      return true;
    }
  return false;
}

bool Launched::has_stopped_rank() const {
  return std::any_of(seen_.begin(), seen_.end(),
                     [](ProcessHandle const& rank) { return state_of(rank.process()) == ProcessState::stopped; });
}

ProcessHandle const* Launched::lost_rank() const {
  auto const found = std::find_if(seen_.begin(), seen_.end(), [](ProcessHandle const& rank) { return rank.is_dead(); });
  return found == seen_.end() ? nullptr : &*found;
}

/// All processes with the mark that are ranks: the launcher has the mark too, but no rank.
std::vector<ProcessId> Launched::ranks_here() const {
  std::string const entry = std::string(mark_name) + "=" + mark_;
  std::vector<ProcessId> ranks;
  for (pid_t const pid : all_processes()) {
    if (pid == ::getpid() || pid == pid_) continue;
    auto const environment = environment_of(pid);
    bool const is_rank = environment.find("OMPI_COMM_WORLD_RANK=") != std::string::npos ||
                         environment.find("PMIX_RANK=") != std::string::npos;
    if (!is_rank || !has_entry(environment, entry)) continue;
    if (auto const process = process_with(pid)) ranks.push_back(*process);
  }
  return ranks;
}

/// A killed process holds its files and locks until the last of its threads is gone, which its pidfd tells and
/// /proc does not.
void Launched::end_ranks() {
  auto const deadline = Clock::now() + ranks_limit;
  std::vector<ProcessHandle> dying;
  for (auto const& rank : ranks_here()) dying.emplace_back(rank);
  for (auto const& rank : dying) rank.kill();
  for (auto const& rank : dying)
    while (!rank.is_dead() && Clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds{2});
}

void Launched::wait_for_launcher(std::chrono::milliseconds limit) {
  auto const deadline = Clock::now() + limit;
  while (!has_ended() && Clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

void Launched::end() {
  end_ranks();
  // With no rank left the launcher ends and cleans up at once; told to end, mpirun first waits for half a minute.
  wait_for_launcher(natural_limit);
  // It ends ranks on other machines.
  send(SIGTERM);
  wait_for_launcher(launcher_limit);
  if (!is_over_) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    is_over_ = true;
  }
  end_ranks();
  relay();
}

}  // namespace muster::cli
