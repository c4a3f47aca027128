#include "io/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "core/log.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "io/file_descriptor.hpp"
#include "io/lock_owner.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

namespace fs = std::filesystem;
constexpr int most_attempts = 1000;
constexpr std::size_t most_lock_bytes = 4096;

/// A new file with this text. False when the name is taken; no file is left when writing fails.
bool create_with_text(std::string const& path, std::string const& text) {
  FileDescriptor const fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd && errno == EEXIST) return false;
  if (!fd) throw_file_error("write", path, errno);
  int const failed = write_at(fd.get(), text.data(), text.size(), 0);
  if (failed == 0) return true;
  ::unlink(path.c_str());
  throw_file_error("write", path, failed);
}

/// The text that marks this process as the owner, under a name of its own.
class Ticket {
 public:
  Ticket(fs::path const& lock, std::string const& text)
      : path_(lock.string() + ".tmp." + std::to_string(::getpid())) {
    ::unlink(path_.c_str());
    if (!create_with_text(path_, text)) throw_file_error("write", lock, EEXIST);
  }
  Ticket(Ticket const&) = delete;
  Ticket& operator=(Ticket const&) = delete;
  ~Ticket() { ::unlink(path_.c_str()); }
  char const* name() const { return path_.c_str(); }

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

/// Replaces a dead owner's lock by the ticket. False when somebody else was quicker: look again.
/// Throws when the owner lives.
bool take_over(fs::path const& lock, Ticket const& ticket) {
  FileDescriptor const fd(::open(lock.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd && errno == ENOENT) return false;
  if (!fd) throw_file_error("read", lock, errno);
  // Whoever holds the old file's flock may replace it; the next one then finds another file by that
  // name and looks again. Where flock is not supported, a tie is left to the rename.
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  if (!is_same_file(fd.get(), lock)) return false;
  OwnerRecord const owner = parse_owner(text_in(fd.get(), lock));
  if (!is_gone(owner, this_process())) throw_held(lock, owner);
  log::warn("taking over {} from process {} on {}, which is gone", lock.string(), owner.who.pid,
            owner.who.host);
  if (::rename(ticket.name(), lock.c_str()) != 0) throw_file_error("write", lock, errno);
  return true;
}

/// Creates the lock with its text in one step, on network file systems too. False when it is there.
bool create_lock(fs::path const& lock, Ticket const& ticket, std::string const& text) {
  if (::link(ticket.name(), lock.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  bool const has_no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;
  if (!has_no_links) throw_file_error("write", lock, errno);
  // Without hard links, create and then write: who reads in between finds no owner, and refuses.
  return create_with_text(lock.string(), text);
}

}  // namespace

RunLock::RunLock(fs::path path) : path_(std::move(path)), text_(format_owner(this_process())) {
  Ticket const ticket(path_, text_);
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (create_lock(path_, ticket, text_) || take_over(path_, ticket)) return;
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
  FileDescriptor const fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(most_lock_bytes, '\0');
  ssize_t const got = fd ? ::pread(fd.get(), text.data(), text.size(), 0) : -1;
  if (got >= 0 && std::string_view(text.data(), static_cast<std::size_t>(got)) == text_)
    ::unlink(path_.c_str());
}

std::optional<LockOwner> read_lock(fs::path const& path) {
  FileDescriptor const fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::nullopt;
  return parse_owner(text_in(fd.get(), path)).who;
}

}  // namespace muster::io
