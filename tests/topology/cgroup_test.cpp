#include "topology/cgroup.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace muster::topology {
namespace {

namespace fs = std::filesystem;

/// A made-up /proc and /sys.
class Cgroup : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("muster_cgroup_" + std::to_string(getpid()) + "_" +
                                         testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  void put(std::string const& path, std::string const& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << '\n';
  }
  CgroupLimits read() const { return read_cgroup_limits(root_); }

 private:
  fs::path root_;
};

constexpr char const* v2_mount = "30 20 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw";

TEST_F(Cgroup, NoFilesMeanNoLimits) {
  auto const limits = read();
  EXPECT_FALSE(limits.cpus);
  EXPECT_FALSE(limits.memory_bytes);
  EXPECT_FALSE(limits.memory_room_bytes);
}

TEST_F(Cgroup, VersionTwoTakesTheLeastOnTheWholePath) {
  put("proc/self/mountinfo", v2_mount);
  put("proc/self/cgroup", "0::/user.slice/job");
  put("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000");
  put("sys/fs/cgroup/user.slice/cpu.max", "250000 100000");
  put("sys/fs/cgroup/cpu.max", "800000 100000");
  put("sys/fs/cgroup/user.slice/job/memory.max", "8589934592");
  put("sys/fs/cgroup/user.slice/job/memory.current", "1073741824");
  put("sys/fs/cgroup/user.slice/memory.max", "4294967296");
  put("sys/fs/cgroup/user.slice/memory.current", "3221225472");
  auto const limits = read();
  EXPECT_EQ(limits.cpus, 2.5);
  EXPECT_EQ(limits.memory_bytes, 4294967296U);
  EXPECT_EQ(limits.memory_room_bytes, 1073741824U);
}

TEST_F(Cgroup, PageCacheIsRoom) {
  put("proc/self/mountinfo", v2_mount);
  put("proc/self/cgroup", "0::/job");
  put("sys/fs/cgroup/job/memory.max", "1000");
  put("sys/fs/cgroup/job/memory.current", "900");
  put("sys/fs/cgroup/job/memory.stat", "anon 100\ninactive_file 600");
  EXPECT_EQ(read().memory_room_bytes, 700U);
}

TEST_F(Cgroup, VersionOneReadsEachHierarchy) {
  put("proc/self/mountinfo",
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory");
  put("proc/self/cgroup", "3:cpu,cpuacct:/a\n4:memory:/a/b\n2:cpuset:/a");
  put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "150000");
  put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000");
  put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1");
  put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
  put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712");
  put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2147483648");
  put("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "147483648");
  auto const limits = read();
  EXPECT_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.memory_bytes, 2147483648U);
  EXPECT_EQ(limits.memory_room_bytes, 2000000000U);
}

TEST_F(Cgroup, AContainerSeesItsGroupAtTheMount) {
  // Without a cgroup namespace the path names the host's tree, of which only this group is mounted.
  put("proc/self/mountinfo", "35 31 0:32 /docker/1f /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory");
  put("proc/self/cgroup", "4:memory:/docker/1f/child");
  put("sys/fs/cgroup/memory/child/memory.limit_in_bytes", "3000");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000");
  EXPECT_EQ(read().memory_bytes, 2000U);
}

TEST_F(Cgroup, APathOutsideTheMountFallsBackToIt) {
  put("proc/self/mountinfo", "35 31 0:32 /docker/1f /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory");
  put("proc/self/cgroup", "4:memory:/elsewhere");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000");
  EXPECT_EQ(read().memory_bytes, 2000U);
}

TEST_F(Cgroup, NonsenseIsNoLimit) {
  put("proc/self/mountinfo", std::string("garbage\n- - -\n") + v2_mount);
  put("proc/self/cgroup", "nonsense\n0::/job");
  put("sys/fs/cgroup/job/cpu.max", "12x 100000");
  put("sys/fs/cgroup/job/memory.max", "-5");
  auto const limits = read();
  EXPECT_FALSE(limits.cpus);
  EXPECT_FALSE(limits.memory_bytes);
}

}  // namespace
}  // namespace muster::topology
