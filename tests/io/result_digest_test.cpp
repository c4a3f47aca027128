#include "io/result_digest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

/// What the documentation says, written down byte by byte.
TEST(ResultDigest, IsWhatTheDocumentationSays) {
  std::string bytes;
  std::string const hash = sha256_hex(sample_job);
  for (std::size_t i = 0; i < 64; i += 2)
    bytes += static_cast<char>(std::stoi(hash.substr(i, 2), nullptr, 16));
  auto const add = [&](std::uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  };
  add(3);
  add(2);
  for (std::uint64_t tile : {0, 1}) add(sample_digest(tile).high), add(sample_digest(tile).low);
  ResultDigest digest(hash, 3, 2);
  std::vector<TileDigest> const tiles{sample_digest(0), sample_digest(1)};
  digest.add(tiles);
  EXPECT_EQ(digest.hex(), sha256_hex(bytes));
}

TEST(ResultDigest, DoesNotDependOnPortions) {
  std::vector<TileDigest> tiles(100);
  sample_digests(0, tiles);
  ResultDigest whole(sha256_hex("a"), 1, 100), parts(sha256_hex("a"), 1, 100);
  whole.add(tiles);
  for (TileDigest const& tile : tiles) parts.add({&tile, 1});
  EXPECT_EQ(whole.hex(), parts.hex());
}

TEST(ResultDigest, CountsItsTiles) {
  std::vector<TileDigest> const tiles(2);
  ResultDigest few(sha256_hex("a"), 1, 3);
  few.add(tiles);
  EXPECT_THAT(message_of(Exit::bug, [&] { few.hex(); }),
              testing::HasSubstr("1 tiles have no digest"));
  ResultDigest many(sha256_hex("a"), 1, 1);
  EXPECT_THAT(message_of(Exit::bug, [&] { many.add(tiles); }),
              testing::HasSubstr("2 digests for 1"));
  message_of(Exit::bug, [] { ResultDigest("no hash", 1, 1); });
}

}  // namespace
}  // namespace muster::io
