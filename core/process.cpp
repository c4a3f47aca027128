#include "core/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace muster {
namespace {

#ifndef SYS_pidfd_open
constexpr long SYS_pidfd_open = 434;
constexpr long SYS_pidfd_send_signal = 424;
#endif

/// What /proc/PID/stat says.
struct Stat {
  char state = '?';
  std::uint64_t start_ticks = 0;
  std::uint64_t exit_code = 0;  ///< as wait() gives it, of a zombie
};

/// struct pidfd_info of Linux 6.13; the exit code is known from 6.15 on, once the parent has taken it.
struct PidInfo {
  std::uint64_t mask = 0;
  std::uint64_t cgroup = 0;
  std::array<std::uint32_t, 11> ids{};
  std::int32_t exit_code = 0;
};
static_assert(sizeof(PidInfo) == 64);
constexpr std::uint64_t with_exit_code = 1 << 3;
constexpr unsigned long get_info = _IOWR(0xFF, 11, PidInfo);

/// The whole of a small file of /proc; empty when there is none.
std::string small_file(std::string const& path) {
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::array<char, 1024> text{};
  auto const size = ::read(fd, text.data(), text.size());
  ::close(fd);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

/// The number after so many spaces.
std::optional<std::uint64_t> number_at(std::string_view fields, int spaces) {
  for (; spaces > 0; --spaces) {
    auto const at = fields.find(' ');
    if (at == std::string_view::npos) return std::nullopt;
    fields.remove_prefix(at + 1);
  }
  std::uint64_t number = 0;
  auto const [end, fault] = std::from_chars(fields.data(), fields.data() + fields.size(), number);
  return fault == std::errc() ? std::optional(number) : std::nullopt;
}

std::optional<Stat> stat_of(pid_t pid) {
  std::string const text = small_file("/proc/" + std::to_string(pid) + "/stat");
  // The name may hold spaces and brackets: the fields begin behind the last one.
  auto const name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return std::nullopt;
  std::string_view const fields = std::string_view(text).substr(name_end + 2);
  auto const start = number_at(fields, 19);
  if (!start) return std::nullopt;
  return Stat{fields.front(), *start, number_at(fields, 49).value_or(0)};
}

std::string link_target(char const* path) {
  std::array<char, 4096> text{};
  auto const size = ::readlink(path, text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

/// Whether the number is that process's, alive or a zombie.
bool is_still(ProcessId const& process) {
  auto const stat = stat_of(process.pid);
  return stat && (process.start_ticks == 0 || stat->start_ticks == process.start_ticks);
}

bool is_over(Stat const& stat) { return stat.state == 'Z' || stat.state == 'X' || stat.state == 'x'; }

}  // namespace

ProcessId own_process() {
  pid_t const pid = ::getpid();
  return process_with(pid).value_or(ProcessId{pid, 0});
}

std::optional<ProcessId> process_with(pid_t pid) {
  auto const stat = stat_of(pid);
  if (!stat) return std::nullopt;
  return ProcessId{pid, stat->start_ticks};
}

ProcessState state_of(ProcessId const& process) {
  auto const stat = stat_of(process.pid);
  bool const is_another = stat && process.start_ticks != 0 && stat->start_ticks != process.start_ticks;
  if (!stat || is_another || is_over(*stat)) return ProcessState::dead;
  return stat->state == 'T' || stat->state == 't' ? ProcessState::stopped : ProcessState::running;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::string own_program() { return link_target("/proc/self/exe"); }

std::string pid_namespace() { return link_target("/proc/self/ns/pid"); }

ProcessHandle::ProcessHandle(ProcessId process) : process_(process) {
  fd_ = static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0));
  // Between the look and the opening the number may have gone to another. A zombie is kept: threads of it may live.
  if (fd_ >= 0 && !is_still(process)) {
    ::close(fd_);
    fd_ = -1;
  }
}

ProcessHandle::~ProcessHandle() {
  if (fd_ >= 0) ::close(fd_);
}

ProcessHandle::ProcessHandle(ProcessHandle&& other) noexcept
    : process_(other.process_), fd_(std::exchange(other.fd_, -1)) {}

ProcessHandle& ProcessHandle::operator=(ProcessHandle&& other) noexcept {
  std::swap(process_, other.process_);
  std::swap(fd_, other.fd_);
  return *this;
}

bool ProcessHandle::is_dead() const {
  if (fd_ < 0) return state_of(process_) == ProcessState::dead;
  pollfd look{fd_, POLLIN, 0};
  return ::poll(&look, 1, 0) > 0;
}

bool ProcessHandle::kill() const {
  if (fd_ >= 0) return ::syscall(SYS_pidfd_send_signal, fd_, SIGKILL, nullptr, 0) == 0;
  return state_of(process_) != ProcessState::dead && ::kill(process_.pid, SIGKILL) == 0;
}

std::optional<int> ProcessHandle::wait_status() const {
  // A zombie still says it itself.
  if (auto const stat = stat_of(process_.pid); stat && stat->start_ticks == process_.start_ticks)
    return is_over(*stat) ? std::optional(static_cast<int>(stat->exit_code)) : std::nullopt;
  PidInfo info;
  info.mask = with_exit_code;
  bool const is_known = fd_ >= 0 && ::ioctl(fd_, get_info, &info) == 0 && (info.mask & with_exit_code) != 0;
  return is_known ? std::optional<int>(info.exit_code) : std::nullopt;
}

int ProcessHandle::fatal_signal() const {
  int const status = wait_status().value_or(0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

std::optional<int> ProcessHandle::exit_code() const {
  auto const status = wait_status();
  return status && WIFEXITED(*status) ? std::optional(WEXITSTATUS(*status)) : std::nullopt;
}

bool is_killed_from_outside(int signal, std::uint64_t out_of_memory_kills) {
  return (signal == SIGKILL || signal == SIGTERM || signal == SIGINT) && out_of_memory_kills == 0;
}

std::uint64_t out_of_memory_kills() {
  std::string const groups = small_file("/proc/self/cgroup");
  auto const at = groups.find("0::");
  if (at == std::string::npos) return 0;
  auto const path = groups.substr(at + 3, groups.find('\n', at) - at - 3);
  std::string const events = small_file("/sys/fs/cgroup" + path + "/memory.events");
  auto const line = events.find("oom_kill ");
  return line == std::string::npos ? 0 : number_at(std::string_view(events).substr(line), 1).value_or(0);
}

}  // namespace muster
