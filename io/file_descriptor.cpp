#include "io/file_descriptor.hpp"

#include <sys/stat.h>
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

namespace {
FileIdentity identity_from(struct stat const& facts) {
  return {facts.st_dev, facts.st_ino, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
}
}  // namespace

std::optional<FileIdentity> identity_of(int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return std::nullopt;
  return identity_from(facts);
}

std::optional<FileIdentity> identity_of(std::filesystem::path const& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return std::nullopt;
  return identity_from(facts);
}

std::filesystem::path directory_of(std::filesystem::path const& file) {
  auto parent = file.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

}  // namespace muster::io
