// Files cut short and files with bytes changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/result_file.hpp"
#include "samples.hpp"
#include "scratch.hpp"

#if defined(__SANITIZE_ADDRESS__)
// libhdf5 loses memory of its own when it meets damaged metadata; muster's own leaks still count.
extern "C" char const* __lsan_default_suppressions() { return "leak:libhdf5"; }
#endif

namespace muster::io {
namespace {

TEST(DamagedResult, EveryTruncationIsRefused) {
  Scratch scratch;
  write_result(scratch / "F.h5", sample_result(), sample_digests);
  std::string const whole = slurp(scratch / "F.h5");
  for (std::size_t part = 0; part < 64; ++part) {
    SCOPED_TRACE(part);
    spill(scratch / "cut.h5", whole.substr(0, whole.size() * part / 64));
    std::string const message = message_of(Exit::user, [&] { read_result(scratch / "cut.h5"); });
    EXPECT_THAT(message, testing::HasSubstr("cut.h5"));
  }
  spill(scratch / "cut.h5", whole.substr(0, whole.size() - 1));
  message_of(Exit::user, [&] { read_result(scratch / "cut.h5"); });
}

/// A changed byte is refused, or lies where nothing is stored and then changes nothing. Every
/// fifth byte of the file in turn: libhdf5's metadata carry checksums, muster's covers the rest.
TEST(DamagedResult, NoChangedByteIsBelieved) {
  Scratch scratch;
  Result small = sample_result(3);
  small.tables.resize(1);
  small.topology_json = small.devices = "";
  write_result(scratch / "F.h5", small, sample_digests);
  std::string const whole = slurp(scratch / "F.h5");
  Result const expected = read_result(scratch / "F.h5");
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    spill(scratch / "bad.h5", changed);
    try {
      Result const read = read_result(scratch / "bad.h5");
      EXPECT_EQ(read.result_digest, expected.result_digest) << "byte " << at;
      EXPECT_EQ(read.sums, expected.sums) << "byte " << at;
      EXPECT_EQ(read.resolved_text, expected.resolved_text) << "byte " << at;
      EXPECT_EQ(read.name, expected.name) << "byte " << at;
      EXPECT_EQ(read.tables[0].columns[1].values, expected.tables[0].columns[1].values) << at;
    } catch (Error const& error) {
      EXPECT_EQ(error.code(), Exit::user) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, whole.size() / 5 / 4);
}

}  // namespace
}  // namespace muster::io
