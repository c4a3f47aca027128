#include "io/steps.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "io/atomic_file.hpp"

namespace muster::io {
namespace {

using Kind = Step::Kind;

// Linux moves at most 0x7ffff000 bytes a call.
constexpr std::size_t largest_transfer = std::size_t{1} << 30;

StepWatcher* installed = nullptr;

/// `call` returns 0 or an errno, and may fill in the step's descriptor.
template <class Call>
int perform(Step step, Call call) {
  int failed = installed != nullptr ? installed->before(step) : 0;
  if (failed == 0) failed = call(step);
  if (failed == 0 && installed != nullptr) installed->after(step);
  return failed;
}

int errno_of(int answer) { return answer == 0 ? 0 : errno; }

int write_all(int fd, char const* from, std::size_t size, std::uint64_t offset) {
  while (size > 0) {
    ssize_t const done =
        ::pwrite(fd, from, std::min(size, largest_transfer), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno;
    if (done == 0) return ENOSPC;  // POSIX leaves room for it; never loop on it
    from += done;
    size -= static_cast<std::size_t>(done);
    offset += static_cast<std::uint64_t>(done);
  }
  return 0;
}

}  // namespace

void set_step_watcher(StepWatcher* watcher) { installed = watcher; }

int create_file(std::filesystem::path const& path, FileDescriptor& made) {
  return perform({.kind = Kind::create, .path = path.native()}, [&](Step& step) {
    made = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    step.fd = made.get();
    return made ? 0 : errno;
  });
}

int write_at(int fd, void const* bytes, std::size_t size, std::uint64_t offset) {
  auto const* from = static_cast<char const*>(bytes);
  return perform({.kind = Kind::write, .fd = fd, .bytes = {from, size}, .offset = offset},
                 [&](Step&) { return write_all(fd, from, size, offset); });
}

int truncate_file(int fd, std::uint64_t size) {
  return perform({.kind = Kind::truncate, .fd = fd, .offset = size},
                 [&](Step&) { return errno_of(::ftruncate(fd, static_cast<off_t>(size))); });
}

int sync_file(int fd) {
  return perform({.kind = Kind::sync, .fd = fd}, [&](Step&) { return errno_of(::fsync(fd)); });
}

int close_file(FileDescriptor& fd) {
  return perform({.kind = Kind::close, .fd = fd.get()},
                 [&](Step&) { return errno_of(::close(fd.release())); });
}

int rename_file(std::filesystem::path const& from, std::filesystem::path const& to) {
  return perform({.kind = Kind::rename, .path = from.native(), .to = to.native()},
                 [&](Step&) { return errno_of(std::rename(from.c_str(), to.c_str())); });
}

int link_file(std::filesystem::path const& from, std::filesystem::path const& to) {
  return perform({.kind = Kind::link, .path = from.native(), .to = to.native()},
                 [&](Step&) { return errno_of(::link(from.c_str(), to.c_str())); });
}

int remove_file(std::filesystem::path const& path) {
  return perform({.kind = Kind::remove, .path = path.native()}, [&](Step&) {
    int const failed = errno_of(::unlink(path.c_str()));
    return failed == ENOENT ? 0 : failed;
  });
}

int open_to_read(std::filesystem::path const& path, FileDescriptor& opened) {
  return perform({.kind = Kind::read, .path = path.native()}, [&](Step&) {
    opened = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    return opened ? 0 : errno;
  });
}

void sync_directory(std::filesystem::path const& directory) {
  int const failed =
      perform({.kind = Kind::sync_directory, .path = directory.native()}, [&](Step&) {
        FileDescriptor const fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return fd ? errno_of(::fsync(fd.get())) : errno;
      });
  // Some file systems cannot sync a directory and say so; there is nothing more to do on those.
  if (failed != 0 && failed != EINVAL && failed != ENOTSUP)
    throw_file_error("make durable the directory", directory, failed);
}

}  // namespace muster::io
