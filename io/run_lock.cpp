#include "io/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "io/file_descriptor.hpp"
#include "io/line_fields.hpp"
#include "io/lock_owner.hpp"
#include "io/steps.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

namespace fs = std::filesystem;
constexpr int most_attempts = 1000;
constexpr std::size_t most_lock_bytes = 4096;

/// A new file with this text. False when the name is taken; no file is left when writing fails.
bool create_with_text(std::string const& path, std::string const& text) {
  FileDescriptor fd;
  int failed = create_file(path, fd);
  if (failed == EEXIST) return false;
  if (failed != 0) throw_file_error("write", path, failed);
  failed = write_at(fd.get(), text.data(), text.size(), 0);
  // A lock that a loss of power left empty would be nobody's, and could not be judged.
  if (failed == 0) failed = sync_file(fd.get());
  if (failed == 0) failed = close_file(fd);
  if (failed == 0) return true;
  ::unlink(path.c_str());
  throw_file_error("write", path, failed);
}

using Time = std::chrono::duration<double>;
double time_of(struct stat const& facts) {
  return Time(std::chrono::seconds(facts.st_mtim.tv_sec)).count() +
         1e-9 * static_cast<double>(facts.st_mtim.tv_nsec);
}

/// What the names of all tickets of a host begin with; the process id follows.
std::string ticket_start(fs::path const& lock, OwnerRecord const& owner) {
  return fmt::format("{}.tmp.{}.", lock.string(), owner.who.host);
}

/// Whose ticket it is: as its text says, or, where that was not written any more, as its name does.
OwnerRecord owner_of_ticket(fs::path const& ticket, std::string_view pid) {
  auto const read = read_lock(ticket);
  if (read && !read->owner.who.host.empty()) return read->owner;
  OwnerRecord owner = this_process();
  owner.pid_start = 0;
  owner.who.pid = parse_pid(pid).value_or(0);
  return owner;
}

/// Of processes of this host that were killed before they had the lock.
void remove_dead_tickets(fs::path const& lock) {
  OwnerRecord const self = this_process();
  std::string const start = fs::path(ticket_start(lock, self)).filename().string();
  std::error_code code;
  for (auto const& entry : fs::directory_iterator(directory_of(lock), code)) {
    std::string const name = entry.path().filename().string();
    if (!name.starts_with(start)) continue;
    auto const owner = owner_of_ticket(entry.path(), std::string_view(name).substr(start.size()));
    auto const reading = read_lock(entry.path());
    bool const is_old = reading && reading->silent_s > longest_silence_s;
    if (is_old || is_gone(owner, self, 0)) remove_file(entry.path());
  }
}

/// The text that marks this process as the owner, under a name of its own.
class Ticket {
 public:
  Ticket(fs::path const& lock, std::string const& text)
      : path_(ticket_start(lock, this_process()) + std::to_string(::getpid())) {
    ::unlink(path_.c_str());
    if (!create_with_text(path_, text)) throw_file_error("write", lock, EEXIST);
  }
  Ticket(Ticket const&) = delete;
  Ticket& operator=(Ticket const&) = delete;
  ~Ticket() { remove_file(path_); }
  std::string const& name() const { return path_; }
  /// When it was made, on the clock of whoever keeps the files.
  double time_s() const {
    struct stat facts {};
    return ::stat(path_.c_str(), &facts) == 0 ? time_of(facts) : 0;
  }

 private:
  std::string path_;
};

std::string text_in(int fd, fs::path const& path) {
  std::string text(most_lock_bytes, '\0');
  text.resize(read_at(fd, text.data(), text.size(), 0, path));
  return text;
}

[[noreturn]] void throw_held(fs::path const& lock, OwnerRecord const& owner) {
  if (owner.who.host.empty())
    throw_error(
        Exit::user,
        "{} is not readable as a lock (it may be another run's); delete it if no muster writes "
        "there",
        lock.string());
  throw Error(
      Exit::user,
      fmt::format("{} is held by process {} on {} since {} (two runs would overwrite each other's "
                  "files); wait for it, choose another --out, or delete the lock if that "
                  "process is gone",
                  lock.string(), owner.who.pid, owner.who.host, owner.who.since_utc),
      Retry::may_help);
}

bool is_same_file(int fd, fs::path const& path) {
  struct stat open_one {
  }, named_one{};
  return ::fstat(fd, &open_one) == 0 && ::stat(path.c_str(), &named_one) == 0 &&
         open_one.st_ino == named_one.st_ino && open_one.st_dev == named_one.st_dev;
}

double silence_s(int fd, double now_s) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 ? now_s - time_of(facts) : 0;
}

/// Replaces a dead owner's lock by the ticket. False when somebody else was quicker: look again.
/// Throws when the owner lives.
bool take_from_other(fs::path const& lock, Ticket const& ticket, TakeOver rule) {
  // For writing, because network file systems give an exclusive flock to nobody else.
  FileDescriptor const fd(::open(lock.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd && (errno == ENOENT || errno == ESTALE)) return false;
  if (!fd) throw_file_error("read", lock, errno);
  // Whoever holds the old file's flock may replace it; the next one then finds another file by that
  // name and looks again. Where flock is not supported, a tie is left to the rename.
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  if (!is_same_file(fd.get(), lock)) return false;
  OwnerRecord const owner = parse_owner(text_in(fd.get(), lock));
  bool const is_dead = is_gone(owner, this_process(), silence_s(fd.get(), ticket.time_s()));
  if (!is_dead && rule == TakeOver::from_the_dead) throw_held(lock, owner);
  log::warn("taking over {} from process {} on {}{}", lock.string(), owner.who.pid, owner.who.host,
            is_dead ? ", which is gone" : "");
  int const failed = rename_file(ticket.name(), lock);
  if (failed != 0) throw_file_error("write", lock, failed);
  return true;
}

/// Creates the lock with its text in one step, on network file systems too. False when it is there.
bool create_lock(fs::path const& lock, Ticket const& ticket, std::string const& text) {
  int const failed = link_file(ticket.name(), lock);
  if (failed == 0) return true;
  if (failed == EEXIST) return false;
  bool const has_no_links = failed == EPERM || failed == EOPNOTSUPP || failed == ENOSYS;
  if (!has_no_links) throw_file_error("write", lock, failed);
  // Without hard links, create and then write: who reads in between finds no owner, and refuses.
  return create_with_text(lock.string(), text);
}

}  // namespace

RunLock::RunLock(fs::path path, TakeOver rule)
    : path_(std::move(path)), owner_(this_process()), text_(format_owner(owner_)) {
  Ticket const ticket(path_, text_);
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (create_lock(path_, ticket, text_) || take_from_other(path_, ticket, rule)) {
      open_to_read(path_, fd_);
      remove_dead_tickets(path_);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  throw Error(
      Exit::environment,
      fmt::format("cannot get {}: others keep taking it (only one run may write there); find "
                  "out who starts them",
                  path_.string()),
      Retry::may_help);
}

RunLock::~RunLock() {
  // The number of its inode would not do: it is given to the next file.
  FileDescriptor fd;
  std::string text(most_lock_bytes, '\0');
  ssize_t const got =
      open_to_read(path_, fd) == 0 ? ::pread(fd.get(), text.data(), text.size(), 0) : -1;
  if (got >= 0 && std::string_view(text.data(), static_cast<std::size_t>(got)) == text_)
    remove_file(path_);
}

void RunLock::beat() const { ::futimens(fd_.get(), nullptr); }

std::optional<LockReading> read_lock(fs::path const& path) {
  FileDescriptor fd;
  if (open_to_read(path, fd) != 0) return std::nullopt;
  double const now_s = Time(std::chrono::system_clock::now().time_since_epoch()).count();
  return LockReading{parse_owner(text_in(fd.get(), path)), silence_s(fd.get(), now_s)};
}

}  // namespace muster::io
