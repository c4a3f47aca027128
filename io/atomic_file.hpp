// Files that are either wholly there or not there at all: temporary, fsync, rename, fsync
// directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "io/file_descriptor.hpp"

namespace muster::io {

/// What becomes of a symbolic link by the target's name: the file behind it is replaced, or it is.
enum class Links { follow, replace };

/// Writes beside `target` and takes its name only at commit(); a kill at any moment leaves either
/// the old file or the new one.
class AtomicFile {
 public:
  /// Creates `<target>.tmp.<16 hex digits>`, of which no two processes on any host have the same.
  /// Throws Error (Exit::environment) when the directory is missing, not a directory or not
  /// writable, or when `target` is there and is not a regular file.
  explicit AtomicFile(std::filesystem::path const& target, Links links = Links::follow);
  AtomicFile(AtomicFile const&) = delete;
  AtomicFile& operator=(AtomicFile const&) = delete;
  /// Removes the temporary file unless commit() succeeded.
  ~AtomicFile();

  /// Open for reading and writing, for those who write at offsets of their own.
  int fd() const { return fd_.get(); }
  std::filesystem::path const& target() const { return target_; }
  /// Appends bytes. Throws Error (Exit::environment): disk full, size limit, device error.
  void write(void const* bytes, std::size_t size);
  /// Makes the content durable under the target's name. `last_look` is called when all is on the
  /// disk but the name, and may throw to prevent it. Throws Error (Exit::environment).
  void commit(std::function<void()> const& last_look = {});

 private:
  std::filesystem::path target_;
  std::filesystem::path temp_;
  FileDescriptor fd_;
  std::uint64_t size_ = 0;
  bool is_committed_ = false;
};

/// The whole content in one step.
void write_file(std::filesystem::path const& target, std::string_view content,
                Links links = Links::follow);

/// Removes what killed processes left of `target`'s temporary files. Call only under the run's
/// lock.
void remove_leftovers(std::filesystem::path const& target);

/// Throws Error (Exit::environment) for a failed system call: "cannot <action> <path>: <cause>
/// (why); what to do". Public so that every file of muster fails in the same words.
[[noreturn]] void throw_file_error(std::string_view action, std::filesystem::path const& path,
                                   int error_number);

}  // namespace muster::io
