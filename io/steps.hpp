// The calls by which muster changes files. All go through here, so that a test can stop the
// process between any two of them, let one fail, or record them all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "io/file_descriptor.hpp"

namespace muster::io {

/// One call: what it does, to what.
struct Step {
  enum class Kind {
    create,
    write,
    truncate,
    sync,
    close,
    rename,
    link,
    remove,
    sync_directory,
    read
  };
  Kind kind;
  int fd = -1;               ///< of write, truncate, sync, close; after a create the new one
  std::string_view path = {};     ///< of create, rename, link, remove, sync_directory, read
  std::string_view to = {};       ///< the new name, of rename and link
  std::string_view bytes = {};    ///< of a write
  std::uint64_t offset = 0;  ///< of a write; the new size of a truncate
};

/// For tests.
class StepWatcher {
 public:
  virtual ~StepWatcher() = default;
  /// Before the call. Anything but 0 is the errno it fails with, without having been made.
  virtual int before(Step const&) { return 0; }
  /// After a call that succeeded.
  virtual void after(Step const&) {}
};

/// nullptr (the default) for none. Set before threads start.
void set_step_watcher(StepWatcher* watcher);

// Each returns 0 or the errno of its failure.

/// Opens a new file for reading and writing; EEXIST when the name is taken, by a link too.
int create_file(std::filesystem::path const& path, FileDescriptor& made);
/// Writes all bytes at `offset`.
int write_at(int fd, void const* bytes, std::size_t size, std::uint64_t offset);
int truncate_file(int fd, std::uint64_t size);
/// fsync. After a failure the content is lost to the kernel: write it anew, never sync it again.
int sync_file(int fd);
/// close, with the errors that a network file system keeps until then.
int close_file(FileDescriptor& fd);
int rename_file(std::filesystem::path const& from, std::filesystem::path const& to);
int link_file(std::filesystem::path const& from, std::filesystem::path const& to);
/// 0 also when there is no such file.
int remove_file(std::filesystem::path const& path);
/// Opens for reading: never waits (for a pipe's writer, say), never makes a link's target its own.
int open_to_read(std::filesystem::path const& path, FileDescriptor& opened);

/// Makes names in `directory` durable. Throws Error (Exit::environment).
void sync_directory(std::filesystem::path const& directory);

}  // namespace muster::io
