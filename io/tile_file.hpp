// F.h5.tiles: one checksummed 32-byte record a tile, at an offset given by its index
// (docs/formats/state.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/tile.hpp"
#include "io/file_descriptor.hpp"

namespace muster::io {

class TileFile {
 public:
  /// An empty file with a header; what was there is lost. Durable on return.
  static TileFile create(std::filesystem::path const& path, std::string const& job_hash);
  /// Throws Error (Exit::user): missing, damaged header, another job's, a newer version.
  static TileFile open(std::filesystem::path const& path, std::string const& job_hash);

  /// Adjacent ranges are gathered and written together; sync() writes the rest.
  void write(std::uint64_t first, std::span<TileDigest const> digests, std::uint32_t epoch);
  /// All that was written is durable on return.
  void sync();
  /// Throws Error (Exit::user) for a record that is missing or damaged, naming the tile.
  void read(std::uint64_t first, std::span<TileDigest> out);
  /// Reads all records of `range`, for their checksums alone.
  void check(TileRange range);

 private:
  TileFile(std::filesystem::path path, FileDescriptor fd);
  void flush();

  std::filesystem::path path_;
  FileDescriptor fd_;
  std::uint64_t pending_first_ = 0;  ///< index of the first gathered record
  std::string pending_;
};

}  // namespace muster::io
