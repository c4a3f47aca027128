#include "io/import/text_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "compress.hpp"
#include "expect_error.hpp"

namespace muster::io {
namespace {

using test::message_of;
using ::testing::HasSubstr;

std::string sample_text() {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += "row " + std::to_string(i * 7919 % 10007) + "\n";
  return text;
}

std::string unpack(std::string const& bytes, std::uint64_t limit = max_text_bytes) {
  return read_all(*text_from_memory("input", bytes, limit));
}

struct Format {
  char const* name;
  std::string (*pack)(std::string const&);
};

class EachCompression : public ::testing::TestWithParam<Format> {};

TEST_P(EachCompression, RoundTrips) {
  std::string const text = sample_text();
  EXPECT_EQ(unpack(GetParam().pack(text)), text);
  EXPECT_EQ(unpack(GetParam().pack("")), "");
}

TEST_P(EachCompression, JoinsConcatenatedStreams) {
  EXPECT_EQ(unpack(GetParam().pack("one,") + GetParam().pack("two")), "one,two");
}

TEST_P(EachCompression, EveryTruncationIsNamed) {
  std::string const bytes = GetParam().pack(sample_text().substr(0, 3000));
  for (std::size_t size = 6; size < bytes.size(); ++size) {
    std::string const message = message_of([&] { unpack(bytes.substr(0, size)); });
    ASSERT_THAT(message, HasSubstr(GetParam().name)) << size;
    ASSERT_THAT(message, HasSubstr("fetch the file again")) << size;
  }
}

TEST_P(EachCompression, FlippedBytesNeverChangeTheTextInSilence) {
  std::string const text = sample_text().substr(0, 3000);
  std::string const bytes = GetParam().pack(text);
  int refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    try {
      // Plain text is what remains when the damage hits the magic number; header fields may not
      // matter.
      std::string const got = unpack(damaged);
      ASSERT_TRUE(got == text || got == damaged) << "at " << at;
    } catch (Error const& error) {
      ASSERT_EQ(static_cast<int>(error.code()), 2);
      ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(bytes.size() * 8 / 10));
}

TEST_P(EachCompression, BombsStopAtTheLimit) {
  std::string const bomb = GetParam().pack(std::string(8 << 20, 'x'));
  ASSERT_LT(bomb.size(), 100'000u);
  EXPECT_THAT(message_of([&] { unpack(bomb, 1 << 20); }),
              HasSubstr("more than 1048576 bytes when unpacked"));
}

TEST_P(EachCompression, RubbishAfterTheEndIsRefused) {
  EXPECT_THAT(
      message_of([&] { unpack(GetParam().pack("text") + "rubbish that follows the stream"); }),
      HasSubstr("corrupt"));
}

INSTANTIATE_TEST_SUITE_P(Formats, EachCompression,
                         ::testing::Values(Format{"gzip", test::gzip}, Format{"xz", test::xz},
                                           Format{"zstd", test::zstd}),
                         [](auto const& format) { return format.param.name; });

TEST(TextSource, PlainBytesPassThrough) {
  EXPECT_EQ(unpack("a,b\n"), "a,b\n");
  EXPECT_EQ(unpack(""), "");
}

TEST(TextSource, TheBytesDecideNotTheName) {
  auto const path = std::filesystem::path(::testing::TempDir()) / "muster_text_source.csv";
  std::ofstream(path, std::ios::binary) << test::zstd("zipped after all");
  EXPECT_EQ(read_all(*open_text(path)), "zipped after all");
  std::filesystem::remove(path);
}

TEST(TextSource, PathsThatCannotBeRead) {
  EXPECT_THAT(message_of([] { open_text("/no/such/file.csv"); }),
              HasSubstr("/no/such/file.csv: cannot be opened"));
  EXPECT_THAT(message_of([] { open_text("/tmp"); }), HasSubstr("is a directory"));
}

}  // namespace
}  // namespace muster::io
