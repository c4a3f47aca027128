#include "core/sha256.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using muster::Sha256;
using muster::sha256_hex;

// FIPS 180-2, appendix B.
TEST(Sha256, KnowsTheStandardsAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnThePieces) {
  Sha256 hash;
  hash.update("a").update("").update("bc");
  EXPECT_EQ(hash.hex(), sha256_hex("abc"));
}

TEST(Sha256, WritesIntegersLittleEndian) {
  EXPECT_EQ(Sha256().update_u64(0x6867666564636261).hex(), sha256_hex("abcdefgh"));
}

TEST(Sha256, EndsOnce) {
  Sha256 hash;
  hash.update("abc").hex();
  EXPECT_ANY_THROW(hash.hex());
  EXPECT_ANY_THROW(hash.update("d"));
}

}  // namespace
