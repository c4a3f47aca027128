#include "io/h5_signature.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "core/error.hpp"
#include "io/file_descriptor.hpp"

namespace muster::io {
namespace {

/// A device or pipe must not block the open.
FileDescriptor open_to_read(std::filesystem::path const& path) {
  return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

bool starts_with_signature(int fd, std::filesystem::path const& path) {
  constexpr std::array<char, 8> signature{'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
  std::array<char, 8> start{};
  return read_at(fd, start.data(), start.size(), 0, path) == start.size() && start == signature;
}

bool is_regular(int fd, std::uint64_t& bytes) {
  struct stat info {};
  bool const is_known = ::fstat(fd, &info) == 0;
  bytes = static_cast<std::uint64_t>(info.st_size);
  return is_known && S_ISREG(info.st_mode);
}

}  // namespace

bool has_hdf5_signature(std::filesystem::path const& path) {
  FileDescriptor const fd = open_to_read(path);
  std::uint64_t bytes = 0;
  return fd && is_regular(fd.get(), bytes) && starts_with_signature(fd.get(), path);
}

std::uint64_t require_signature(std::filesystem::path const& path, std::string_view filetype) {
  FileDescriptor const fd = open_to_read(path);
  int const failed = fd ? 0 : errno;
  MUSTER_REQUIRE(failed == 0,
                 "cannot read {}: {} (a {} file is needed here); check its name and rights",
                 path.string(), std::generic_category().message(failed), filetype);
  std::uint64_t bytes = 0;
  MUSTER_REQUIRE(is_regular(fd.get(), bytes),
                 "cannot read {}: it is not a regular file (a {} file is needed here); give a file",
                 path.string(), filetype);
  MUSTER_REQUIRE(starts_with_signature(fd.get(), path),
                 "{} is not an HDF5 file, or its beginning is damaged (a {} file is needed here); "
                 "check that it is the right file",
                 path.string(), filetype);
  return bytes;
}

}  // namespace muster::io
