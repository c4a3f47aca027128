// The result's digest: one SHA-256 that names an answer (docs/formats/digests-of-files.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/sha256.hpp"
#include "core/tile.hpp"

namespace muster::io {

/// Streams SHA-256(job hash, 32 bytes || arithmetic version, le64 || tile count, le64 || for each
/// tile in order: high, le64, low, le64). Tiles may come in any portions, in order.
class ResultDigest {
 public:
  /// `job_hash_hex`: 64 hex digits. Throws Error (Exit::bug) when it is not.
  ResultDigest(std::string_view job_hash_hex, std::uint64_t arithmetic_version,
               std::uint64_t tiles);
  void add(std::span<TileDigest const> digests);
  /// 64 lower-case hex digits. Throws Error (Exit::bug) unless exactly `tiles` digests were added.
  std::string hex();

 private:
  Sha256 hash_;
  std::uint64_t missing_;
};

}  // namespace muster::io
