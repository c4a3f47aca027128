#include "cli/submit/program.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "core/error.hpp"

namespace muster::cli::submit {
namespace {

/// Bytes without a name: unlike a pipe it never fills up while nobody reads.
class Scratch {
 public:
  explicit Scratch(std::string_view text) : fd_(::memfd_create("muster", MFD_CLOEXEC)) {
    if (fd_ < 0) fail("memory for its input and output cannot be had", errno);
    for (std::size_t done = 0; done < text.size();) {
      auto const wrote = ::write(fd_, text.data() + done, text.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) fail("its input cannot be written", errno);
      done += static_cast<std::size_t>(wrote);
    }
    ::lseek(fd_, 0, SEEK_SET);
  }
  ~Scratch() {
    if (fd_ >= 0) ::close(fd_);
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;

  int fd() const { return fd_; }
  std::string text() const {
    std::string all;
    std::array<char, 4096> block{};
    ::lseek(fd_, 0, SEEK_SET);
    for (ssize_t read = 0; (read = ::read(fd_, block.data(), block.size())) > 0;)
      all.append(block.data(), static_cast<std::size_t>(read));
    return all;
  }

 private:
  [[noreturn]] static void fail(char const* what, int number) {
    throw_error(Exit::environment, "a program of Slurm's cannot be started: {} ({}); free some memory and try again", what,
                std::strerror(number));
  }
  int fd_;
};

void kill_after(pid_t child, std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds pace{5};
  auto const deadline = std::chrono::steady_clock::now() + limit;
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      ::kill(child, SIGKILL);
      return;
    }
    std::this_thread::sleep_for(pace);
  }
}

int status_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::optional<Spoken> run_program(std::vector<std::string> const& words, std::string_view input, std::chrono::milliseconds limit) {
  MUSTER_ASSERT(!words.empty(), "a program without a name");
  Scratch const in(input), out(""), err("");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.fd(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.fd(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.fd(), STDERR_FILENO);
  std::vector<char*> arguments;
  for (auto const& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  int const failed = ::posix_spawnp(&child, words.front().c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed == ENOENT) return std::nullopt;
  MUSTER_REQUIRE_ENV(failed == 0, "{} cannot be started ({}); check its permissions and PATH", words.front(), std::strerror(failed));
  if (limit.count() > 0) kill_after(child, limit);
  Spoken spoken;
  spoken.status = status_of(child);
  spoken.out = out.text();
  spoken.err = err.text();
  return spoken;
}

}  // namespace muster::cli::submit
