#include "io/result_digest.hpp"

#include <array>
#include <bit>

#include "core/error.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

unsigned hex_value(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

}  // namespace

ResultDigest::ResultDigest(std::string_view job_hash_hex, std::uint64_t arithmetic_version,
                           std::uint64_t tiles)
    : missing_(tiles) {
  MUSTER_ASSERT(is_hash(job_hash_hex), "job hash \"{}\"", job_hash_hex);
  std::array<char, 32> raw;
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw[i] =
        static_cast<char>(hex_value(job_hash_hex[2 * i]) * 16 + hex_value(job_hash_hex[2 * i + 1]));
  hash_.update(std::string_view(raw.data(), raw.size()));
  hash_.update_u64(arithmetic_version).update_u64(tiles);
}

void ResultDigest::add(std::span<TileDigest const> digests) {
  MUSTER_ASSERT(digests.size() <= missing_, "{} digests for {} tiles", digests.size(), missing_);
  // In memory a digest already is high, le64, low, le64.
  static_assert(std::endian::native == std::endian::little && sizeof(TileDigest) == 16);
  hash_.update(std::as_bytes(digests));
  missing_ -= digests.size();
}

std::string ResultDigest::hex() {
  MUSTER_ASSERT(missing_ == 0, "{} tiles have no digest", missing_);
  return hash_.hex();
}

}  // namespace muster::io
