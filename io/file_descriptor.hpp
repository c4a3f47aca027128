// A file descriptor with an owner, and whole transfers through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace muster::io {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  int get() const { return fd_; }
  /// Gives up the ownership.
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Reads up to `size` bytes at `offset`, short only at the end of the file. Throws Error
/// (Exit::environment) for a device error.
std::size_t read_at(int fd, void* bytes, std::size_t size, std::uint64_t offset,
                    std::filesystem::path const& path);
/// What tells one file from another, whatever its name; a number of an inode alone is used again.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  std::int64_t changed_s = 0, changed_ns = 0;  ///< of the content
  bool operator==(FileIdentity const&) const = default;
};
/// Of the open file, or of the file by that name; nothing when there is none.
std::optional<FileIdentity> identity_of(int fd);
std::optional<FileIdentity> identity_of(std::filesystem::path const& path);
/// The directory part of a path, "." when it has none.
std::filesystem::path directory_of(std::filesystem::path const& file);

}  // namespace muster::io
