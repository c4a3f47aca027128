// F.h5.tiles.<epoch>: one checksummed 32-byte record a tile, at an offset given by its index
// (docs/formats/state.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/tile.hpp"
#include "io/file_descriptor.hpp"

namespace muster::io {

class TileFile {
 public:
  /// A new file with a header, durable on return; nothing when the name is taken.
  static std::optional<TileFile> create(std::filesystem::path const& path,
                                        std::string const& job_hash);
  /// To be read. Throws Error (Exit::user): missing, damaged header, another job's, a newer
  /// version.
  static TileFile open(std::filesystem::path const& path, std::string const& job_hash);

  /// Adjacent ranges are gathered and written together; sync() writes the rest.
  void write(std::uint64_t first, std::span<TileDigest const> digests, std::uint32_t epoch);
  /// All that was written is durable on return. Once this has failed the file is not to be trusted:
  /// every later sync fails, too.
  void sync();
  /// Throws Error (Exit::user) for a record that is missing or damaged, naming the tile.
  void read(std::uint64_t first, std::span<TileDigest> out);
  /// Copies the records of `range`, checked one by one, into `to`.
  void copy(TileRange range, TileFile& to, std::uint32_t epoch);

 private:
  TileFile(std::filesystem::path path, FileDescriptor fd);
  void flush();

  std::filesystem::path path_;
  FileDescriptor fd_;
  int failed_ = 0;                   ///< errno of the first failure to write or sync
  std::uint64_t pending_first_ = 0;  ///< index of the first gathered record
  std::string pending_;
};

}  // namespace muster::io
