#include "io/atomic_file.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "core/error.hpp"
#include "io/steps.hpp"

namespace muster::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temp_mark = ".tmp.";
constexpr int most_names = 100;

/// The file that a chain of symbolic links ends at; rename would replace the link itself.
fs::path behind_links(fs::path const& path) {
  std::error_code code;
  if (!fs::is_symlink(fs::symlink_status(path, code))) return path;
  fs::path const behind = fs::weakly_canonical(path, code);
  if (code) throw_file_error("follow the link", path, code.value());
  return behind;
}

/// `<target>.tmp.` and random digits: process ids repeat from host to host and container to
/// container.
fs::path temporary_name(fs::path const& target) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
    random =
        static_cast<std::uint64_t>(::getpid()) << 32 ^
        static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  fs::path name = target;
  name += fmt::format("{}{:016x}", temp_mark, random);
  return name;
}

bool is_same_inode(std::optional<FileIdentity> const& one, FileIdentity const& other) {
  return one && one->device == other.device && one->inode == other.inode;
}

void require_replaceable(fs::path const& target, Links links) {
  std::error_code code;
  auto const status =
      links == Links::follow ? fs::status(target, code) : fs::symlink_status(target, code);
  if (links == Links::replace && fs::is_symlink(status)) return;
  // A directory that cannot be searched is reported when the temporary file is created in it.
  if (!fs::exists(status) || fs::is_regular_file(status)) return;
  throw_error(
      Exit::environment,
      "cannot write {}: it is {} (only a regular file can be replaced); choose another name",
      target.string(), fs::is_directory(status) ? "a directory" : "a device, pipe or socket");
}

}  // namespace

AtomicFile::AtomicFile(fs::path const& target, Links links)
    : target_(links == Links::follow ? behind_links(target) : target) {
  require_replaceable(target_, links);
  int failed = EEXIST;
  for (int attempt = 0; failed == EEXIST && attempt < most_names; ++attempt) {
    temp_ = temporary_name(target_);
    failed = create_file(temp_, fd_);
  }
  if (failed != 0) throw_file_error("write", target_, failed);
}

AtomicFile::~AtomicFile() {
  if (!is_committed_) remove_file(temp_);
}

void AtomicFile::write(void const* bytes, std::size_t size) {
  int const failed = write_at(fd(), bytes, size, size_);
  if (failed != 0) throw_file_error("write", target_, failed);
  size_ += size;
}

void AtomicFile::commit(std::function<void()> const& last_look) {
  if (int const failed = sync_file(fd()); failed != 0) throw_file_error("write", target_, failed);
  auto const mine = identity_of(fd());
  if (int const failed = close_file(fd_); failed != 0) throw_file_error("write", target_, failed);
  if (last_look) last_look();
  int failed = rename_file(temp_, target_);
  // A network file system repeats a call whose answer was lost: the second finds the old name gone.
  if (failed == ENOENT && mine && is_same_inode(identity_of(target_), *mine)) failed = 0;
  if (failed != 0) throw_file_error("write", target_, failed);
  is_committed_ = true;
  sync_directory(directory_of(target_));
}

void write_file(fs::path const& target, std::string_view content, Links links) {
  AtomicFile file(target, links);
  file.write(content.data(), content.size());
  file.commit();
}

void remove_leftovers(fs::path const& target) {
  fs::path const real = behind_links(target);
  std::string const start = real.filename().string() + std::string(temp_mark);
  std::error_code code;
  for (auto const& entry : fs::directory_iterator(directory_of(real), code)) {
    std::string const name = entry.path().filename().string();
    bool const is_ours =
        name.starts_with(start) &&
        name.find_first_not_of("0123456789abcdef", start.size()) == std::string::npos;
    if (is_ours) ::unlink(entry.path().c_str());
  }
}

namespace {

/// Why it matters and what to do, for the failures that people meet.
std::string_view advice(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "the disk or the quota is full, and nothing was lost of what was saved before; free "
             "space there or choose another place, then run the same command again";
    case EFBIG:
      return "a limit on the size of files was met (`ulimit -f`), and nothing was lost of what was "
             "saved before; raise the limit, then run the same command again";
    case EACCES:
    case EPERM:
      return "this user lacks the right; choose a place that you may write to, or have the rights "
             "changed";
    case EROFS:
      return "the file system is read-only; choose another place";
    case ENOENT:
      return "its directory does not exist; create the directory or correct the path";
    case ENOTDIR:
      return "a part of the path is a file and not a directory; correct the path";
    case ENAMETOOLONG:
      return "the name is too long for the file system; choose a shorter one";
    case EMFILE:
    case ENFILE:
      return "too many files are open; raise the limit (`ulimit -n`)";
    default:
      return "the system refused it; check the disk and the path, then run the same command again";
  }
}

}  // namespace

void throw_file_error(std::string_view action, fs::path const& path, int error_number) {
  std::string_view const text = advice(error_number);
  auto const split = text.find(';');
  bool const may_help = error_number == ENOSPC || error_number == EDQUOT || error_number == EIO;
  throw Error(Exit::environment,
              fmt::format("cannot {} {}: {} ({}){}", action, path.string(),
                          std::generic_category().message(error_number), text.substr(0, split),
                          text.substr(split)),
              may_help ? Retry::may_help : Retry::useless);
}

}  // namespace muster::io
