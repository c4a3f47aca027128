// A disk that fills up at any byte of a file: a clear error, the old file kept, nothing left over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>

#include "io/market_file.hpp"
#include "io/result_file.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

/// Limits the size of files for as long as it lives.
class SizeLimit {
 public:
  explicit SizeLimit(std::size_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit const tight{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
  }
  SizeLimit(SizeLimit const&) = delete;
  SizeLimit& operator=(SizeLimit const&) = delete;
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(FullDisk, AtAnySizeOfAResult) {
  Scratch scratch;
  auto const path = scratch / "F.h5";
  write_result(path, sample_result(2000), sample_digests);
  std::string const before = slurp(path);
  for (std::size_t limit = 0; limit < before.size(); limit += 1 + before.size() / 97) {
    SCOPED_TRACE(limit);
    std::string message;
    {
      SizeLimit const tight(limit);
      message = message_of(Exit::environment,
                           [&] { write_result(path, sample_result(2000), sample_digests); });
    }
    EXPECT_THAT(message, testing::HasSubstr("cannot write " + path.string()));
    EXPECT_THAT(message, testing::HasSubstr("ulimit -f"));
    EXPECT_EQ(slurp(path), before);
    EXPECT_EQ(scratch.entries(), 1u);
  }
  SizeLimit const enough(2 * before.size());
  write_result(path, sample_result(2000), sample_digests);
  EXPECT_EQ(read_result(path).tiles, 2000u);
}

TEST(FullDisk, NoSpaceLeft) {
  Scratch scratch;
  if (::mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=128k") != 0)
    GTEST_SKIP()
        << "cannot mount a small file system here (needs root); the size limit is tested above";
  std::string message;
  {
    auto const path = scratch / "F.h5";
    write_market(path, sample_market());
    message = message_of(Exit::environment,
                         [&] { write_result(path, sample_result(100'000), sample_digests); });
    EXPECT_EQ(read_market(path).underlying, "SPX");
    EXPECT_EQ(scratch.entries(), 1u);
  }
  EXPECT_EQ(::umount(scratch.path().c_str()), 0);
  EXPECT_THAT(message, testing::HasSubstr("No space left on device"));
  EXPECT_THAT(message, testing::HasSubstr("free space there or choose another place"));
}

}  // namespace
}  // namespace muster::io
