#include "io/atomic_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST(AtomicFile, AppearsOnlyAtCommit) {
  Scratch scratch;
  spill(scratch / "f", "old");
  {
    AtomicFile file(scratch / "f");
    file.write("new ", 4);
    file.write("content", 7);
    EXPECT_EQ(slurp(scratch / "f"), "old");
    file.commit();
  }
  EXPECT_EQ(slurp(scratch / "f"), "new content");
  EXPECT_EQ(scratch.entries(), 1u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  Scratch scratch;
  { AtomicFile(scratch / "f").write("x", 1); }
  EXPECT_EQ(scratch.entries(), 0u);
}

TEST(AtomicFile, FollowsALink) {
  Scratch scratch;
  fs::create_directory(scratch / "real");
  spill(scratch / "real/f", "old");
  fs::create_symlink(scratch / "real/f", scratch / "link");
  write_file(scratch / "link", "new");
  EXPECT_TRUE(fs::is_symlink(scratch / "link"));
  EXPECT_EQ(slurp(scratch / "real/f"), "new");
}

TEST(AtomicFile, NamesWhatIsWrongWithThePlace) {
  Scratch scratch;
  spill(scratch / "file", "");
  auto const refuse = [&](fs::path const& target) {
    return message_of(Exit::environment, [&] { write_file(target, "x"); });
  };
  EXPECT_THAT(refuse(scratch / "missing/f"), HasSubstr("its directory does not exist"));
  EXPECT_THAT(refuse(scratch / "file/f"), HasSubstr("a part of the path is a file"));
  EXPECT_THAT(refuse(scratch.path()), HasSubstr("it is a directory"));
  EXPECT_THAT(refuse("/dev/null"), HasSubstr("device, pipe or socket"));
  EXPECT_THAT(refuse(scratch / std::string(300, 'n')), HasSubstr("the name is too long"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(AtomicFile, NamesAMissingRight) {
  // On /proc nobody can create a file, root neither.
  std::string const message =
      message_of(Exit::environment, [] { write_file("/proc/self/fdinfo/f", "x"); });
  EXPECT_THAT(message, HasSubstr("cannot write /proc/self/fdinfo/f"));
  Scratch scratch;
  fs::permissions(scratch.path(), fs::perms::owner_read | fs::perms::owner_exec);
  if (::access(scratch.path().c_str(), W_OK) != 0) {  // root may write anyway
    EXPECT_THAT(message_of(Exit::environment, [&] { write_file(scratch / "f", "x"); }),
                HasSubstr("this user lacks the right"));
  }
  fs::permissions(scratch.path(), fs::perms::owner_all);
}

TEST(AtomicFile, KeepsTheOldFileAtASizeLimit) {
  Scratch scratch;
  spill(scratch / "f", "old");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit const tight{10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  std::string const message =
      message_of(Exit::environment, [&] { write_file(scratch / "f", std::string(11, 'x')); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(message, HasSubstr("ulimit -f"));
  EXPECT_EQ(slurp(scratch / "f"), "old");
  EXPECT_EQ(scratch.entries(), 1u);
}

TEST(Leftovers, OnlyTemporaryFilesOfTheTargetGo) {
  Scratch scratch;
  for (char const* name : {"f.h5", "f.h5.tmp.123", "f.h5.tmp.12x", "f.h5.tmp.", "g.h5.tmp.5"})
    spill(scratch / name, "x");
  remove_leftovers(scratch / "f.h5");
  EXPECT_FALSE(fs::exists(scratch / "f.h5.tmp.123"));
  EXPECT_FALSE(fs::exists(scratch / "f.h5.tmp."));
  EXPECT_EQ(scratch.entries(), 3u);
}

TEST(FileError, SaysWhetherTryingAgainHelps) {
  try {
    throw_file_error("write", "/some/F.h5", ENOSPC);
  } catch (Error const& error) {
    EXPECT_EQ(error.retry(), Retry::may_help);
    EXPECT_THAT(error.what(), HasSubstr("cannot write /some/F.h5: No space left on device"));
    EXPECT_THAT(error.what(), HasSubstr("; free space there"));
  }
}

}  // namespace
}  // namespace muster::io
