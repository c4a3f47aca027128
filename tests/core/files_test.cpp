#include "core/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/error.hpp"

namespace {

using muster::Error;
using muster::read_whole_file;
using ::testing::HasSubstr;

class Files : public ::testing::Test {
 protected:
  std::filesystem::path const folder =
      std::filesystem::temp_directory_path() / ("muster_files_" + std::to_string(::getpid()));
  void SetUp() override { std::filesystem::create_directory(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string message(std::filesystem::path const& path, std::uint64_t limit = 100) {
    try {
      read_whole_file(path, limit, "job file");
    } catch (Error const& error) {
      EXPECT_EQ(error.code(), muster::Exit::user);
      return error.what();
    }
    return "no error";
  }
};

TEST_F(Files, ReadsEveryByte) {
  std::string const bytes("a\0\xff\n", 4);
  std::ofstream(folder / "f", std::ios::binary) << bytes;
  EXPECT_EQ(read_whole_file(folder / "f", 4, "job file"), bytes);
}

TEST_F(Files, SaysWhatIsWrong) {
  EXPECT_THAT(message(folder / "none"), HasSubstr("no such job file"));
  EXPECT_THAT(message(folder), HasSubstr("not a regular file"));
  EXPECT_THAT(message("/dev/zero"), HasSubstr("not a regular file"));
  std::ofstream(folder / "large") << std::string(200'000, 'x');
  EXPECT_THAT(message(folder / "large"), HasSubstr("larger than 100 B"));
}

TEST_F(Files, SaysThatAFileMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every file";
  std::ofstream(folder / "secret") << "x";
  std::filesystem::permissions(folder / "secret", std::filesystem::perms::none);
  EXPECT_THAT(message(folder / "secret"), HasSubstr("Permission denied"));
}

}  // namespace
