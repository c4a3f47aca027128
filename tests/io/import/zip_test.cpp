#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compress.hpp"
#include "expect_error.hpp"
#include "io/import/text_source.hpp"

namespace muster::test {
namespace {

using ::testing::HasSubstr;

std::string unzip(std::string const& bytes, std::uint64_t most = 1 << 24) {
  return io::read_all(*io::text_from_memory("a.zip", bytes, most));
}

std::string some_text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 1000) + ",";
  return text;
}

TEST(Zip, OfOneFileIsRead) {
  for (auto const how : {Zipped::deflated, Zipped::stored, Zipped::streamed})
    for (auto const& text : {std::string("a,b\n1,2\n"), some_text()})
      EXPECT_EQ(unzip(zip(text, how)), text);
  EXPECT_EQ(unzip(zip("", Zipped::stored)), "");
}

TEST(Zip, CutShortIsRefused) {
  for (auto const how : {Zipped::deflated, Zipped::stored, Zipped::streamed}) {
    std::string const whole = zip("a,b\n1,2\n", how), member = zip_member("a,b\n1,2\n", how);
    for (std::size_t size = 4; size < member.size(); ++size)
      EXPECT_THAT(message_of([&] { unzip(whole.substr(0, size)); }), HasSubstr("cut short"));
  }
}

TEST(Zip, DamagedIsRefused) {
  std::string const text = some_text();
  for (auto const how : {Zipped::deflated, Zipped::stored, Zipped::streamed}) {
    std::string const whole = zip(text, how);
    for (std::size_t at = 35; at + 200 < whole.size(); at += 997) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      EXPECT_THAT(message_of([&] { unzip(damaged); }), HasSubstr("zip data is c"));
    }
  }
}

TEST(Zip, OfAnotherKindIsRefused) {
  std::string const one = zip_member("a", Zipped::deflated);
  EXPECT_THAT(message_of([&] { unzip(one + zip("b")); }), HasSubstr("archive of several files"));
  EXPECT_THAT(message_of([&] { unzip(one + std::string(40, 'x')); }),
              HasSubstr("its list of files is missing"));
  for (auto const& [at, value] : {std::pair<std::size_t, char>{6, 1}, {8, 12}}) {
    std::string odd = zip("a");
    odd[at] = value;
    EXPECT_THAT(message_of([&] { unzip(odd); }), HasSubstr("encrypted or packed in a rare way"));
  }
  EXPECT_THAT(message_of([&] { unzip(zip(std::string(8 << 20, 'x')), 1 << 20); }),
              HasSubstr("more than 1048576 bytes when unpacked"));
}

}  // namespace
}  // namespace muster::test
