// A file descriptor with an owner, and whole transfers through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
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
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Writes all bytes at `offset`; 0 or the errno of the first failure.
int write_at(int fd, void const* bytes, std::size_t size, std::uint64_t offset);
/// Reads up to `size` bytes at `offset`, short only at the end of the file. Throws Error
/// (Exit::environment) for a device error.
std::size_t read_at(int fd, void* bytes, std::size_t size, std::uint64_t offset,
                    std::filesystem::path const& path);
/// Makes names in `directory` durable. Throws Error (Exit::environment).
void sync_directory(std::filesystem::path const& directory);
/// The directory part of a path, "." when it has none.
std::filesystem::path directory_of(std::filesystem::path const& file);

}  // namespace muster::io
