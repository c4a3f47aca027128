#include "kernels/rng/philox.hpp"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "kernels/rng/philox_lanes.hpp"

namespace {

using namespace muster::kernels;
using Words = std::array<std::uint32_t, 4>;

Words block(std::uint64_t seed, std::uint64_t item, std::uint32_t step, std::uint32_t stream) {
  std::uint32_t words[4];
  philox(philox_keys(seed), item, step, stream, words);
  return {words[0], words[1], words[2], words[3]};
}

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10 rounds).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(block(0, 0, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(block(~std::uint64_t{0}, ~std::uint64_t{0}, 0xffffffff, 0xffffffff),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(block(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x13198a2e, 0x03707344),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
  EXPECT_EQ(block(42, 1, 0, 0), (Words{0xfcdb2127, 0x53ba6cfd, 0x838f5a6e, 0x744e06fb}));
}

TEST(Philox, EqualsRandom123) {
  std::mt19937_64 any(7);
  for (int i = 0; i < 10000; ++i) {
    std::uint64_t const seed = any();
    std::uint64_t const item = any();
    auto const step = static_cast<std::uint32_t>(any());
    auto const stream = static_cast<std::uint32_t>(any());
    r123::Philox4x32 const reference;
    auto const words = reference({{static_cast<std::uint32_t>(item), static_cast<std::uint32_t>(item >> 32), step, stream}},
                                 {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}});
    EXPECT_EQ(block(seed, item, step, stream), (Words{words[0], words[1], words[2], words[3]}));
  }
}

// The vector form gives item for item what the scalar rounds give, also where the low 32 bits of the item are
// about to end.
TEST(Philox, LanesEqualItems) {
  static std::uint32_t words[4][256];
  auto const keys = philox_keys(0x0123456789abcdef);
  for (std::uint64_t first : {std::uint64_t{0}, std::uint64_t{0xffffff00}, std::uint64_t{0x1ffffff00}, std::uint64_t{1} << 40}) {
    for (std::uint32_t step : {0u, 1u, 0xffffffffu}) {
      philox_lanes(keys, first, step, 5, words);
      for (std::uint64_t i = 0; i < 256; ++i) {
        std::uint32_t one[4];
        philox(keys, first + i, step, 5, one);
        for (int w = 0; w < 4; ++w) ASSERT_EQ(words[w][i], one[w]) << first << "+" << i << " word " << w;
      }
    }
  }
}

}  // namespace
