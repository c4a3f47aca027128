#include "io/file_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/atomic_file.hpp"

namespace muster::io {
namespace {
// Linux moves at most 0x7ffff000 bytes a call.
constexpr std::size_t largest_transfer = std::size_t{1} << 30;
}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int write_at(int fd, void const* bytes, std::size_t size, std::uint64_t offset) {
  auto const* from = static_cast<char const*>(bytes);
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

std::size_t read_at(int fd, void* bytes, std::size_t size, std::uint64_t offset,
                    std::filesystem::path const& path) {
  auto* to = static_cast<char*>(bytes);
  std::size_t total = 0;
  while (total < size) {
    ssize_t const done = ::pread(fd, to + total, std::min(size - total, largest_transfer),
                                 static_cast<off_t>(offset + total));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_file_error("read", path, errno);
    if (done == 0) break;
    total += static_cast<std::size_t>(done);
  }
  return total;
}

void sync_directory(std::filesystem::path const& directory) {
  FileDescriptor const fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_file_error("open the directory", directory, errno);
  // Some file systems cannot sync a directory and say so; there is nothing more to do on those.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP)
    throw_file_error("make durable the directory", directory, errno);
}

std::filesystem::path directory_of(std::filesystem::path const& file) {
  auto parent = file.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

}  // namespace muster::io
