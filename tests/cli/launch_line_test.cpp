// What the supervisor starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>

#include "cli/launch_line.hpp"
#include "cli/session_folder.hpp"

namespace muster::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Not;

LaunchPlace place() {
  LaunchPlace place;
  place.program = "/opt/muster";
  return place;
}

TEST(LaunchLine, RanksDoNotLaunch) {
  EXPECT_THAT(words_of_rank({"run", "job.toml", "--launcher", "mpirun", "--ranks=4", "--out", "a b.h5", "--fresh"}, Start::fresh),
              ElementsAre("run", "job.toml", "--out", "a b.h5", "--fresh"));
  EXPECT_THAT(words_of_rank({"run", "--ranks", "4", "job.toml", "--launcher=srun", "--json"}, Start::resume),
              ElementsAre("run", "job.toml", "--json"));
}

TEST(LaunchLine, ALaterStartGoesOnFromTheEarlierOne) {
  EXPECT_THAT(words_of_rank({"run", "job.toml", "--fresh"}, Start::resume), ElementsAre("run", "job.toml"));
}

TEST(LaunchLine, ASettingIsNoOption) {
  std::vector<std::string> const words{"run", "job.toml", "--set", "--ranks", "--set", "name=--fresh"};
  EXPECT_THAT(words_of_rank(words, Start::resume), ElementsAreArray(words));
}

TEST(LaunchLine, OneMachineNeedsNoNetwork) {
  auto const line = launch_line(Launcher::mpirun, 4, {"run", "job.toml"}, place());
  EXPECT_EQ(line.front(), "mpirun");
  EXPECT_THAT(line, AllOf(Contains("--enable-recovery"), Contains("self,vader"), Contains("4"), Not(Contains("--allow-run-as-root"))));
  EXPECT_THAT((std::vector<std::string>(line.end() - 3, line.end())), ElementsAre("/opt/muster", "run", "job.toml"));
}

TEST(LaunchLine, SeveralMachinesChooseTheirNetwork) {
  auto several = place();
  several.is_one_machine = false;
  several.is_in_allocation = true;
  several.is_root = true;
  several.more_options = "--hostfile  hosts";
  auto const line = launch_line(Launcher::mpirun, 8, {"run"}, several);
  EXPECT_THAT(line, AllOf(Contains("pml_ucx_tls"), Contains("--hostfile"), Contains("hosts"), Contains("--allow-run-as-root")));
  EXPECT_THAT(line, AllOf(Not(Contains("self,vader")), Not(Contains("--oversubscribe"))));
}

TEST(LaunchLine, FilesOfAStartLieTogether) {
  EXPECT_THAT(launch_line(Launcher::mpirun, 2, {}, place()), Not(Contains("orte_tmpdir_base")));
  auto own = place();
  own.session_folder = "/tmp/muster-mpi-4.1.node";
  EXPECT_THAT(launch_line(Launcher::mpirun, 2, {}, own), AllOf(Contains("orte_tmpdir_base"), Contains(own.session_folder)));
  own.has_open_mpi_4 = false;
  EXPECT_THAT(launch_line(Launcher::mpirun, 2, {}, own), AllOf(Contains("--prtemca"), Contains("prte_tmpdir_base"), Contains(own.session_folder)));
}

class SessionFolders : public ::testing::Test {
 protected:
  std::filesystem::path const place_ = std::filesystem::temp_directory_path() / ("sessions-" + std::to_string(::getpid()));
  void SetUp() override { std::filesystem::create_directories(place_); }
  void TearDown() override { std::filesystem::remove_all(place_); }
};

TEST_F(SessionFolders, AreRemovedWithAllThatIsLeftInThem) {
  ::setenv("TMPDIR", place_.c_str(), 1);
  {
    SessionFolder const session("77.1.node", true);
    EXPECT_EQ(session.path(), place_ / "muster-mpi-77.1.node");
    std::filesystem::create_directories(session.path() / "ompi.node.0");
    EXPECT_TRUE(SessionFolder("77.2.node", false).path().empty()) << "machines may have other folders each";
  }
  ::unsetenv("TMPDIR");
  EXPECT_TRUE(std::filesystem::is_empty(place_));
}

TEST_F(SessionFolders, OfEarlierStartsAreRemovedWhereRanksAre) {
  auto const mark = [](int start) { return "99" + std::to_string(::getpid()) + "." + std::to_string(start) + ".node.site"; };
  auto const folder = [&](int start) { return std::filesystem::path("/tmp") / ("muster-mpi-" + mark(start)); };
  for (int const start : {1, 2, 3}) std::filesystem::create_directories(folder(start) / "jf.1");
  std::filesystem::create_directory_symlink(place_, folder(1) / "link");
  std::filesystem::create_directories(place_ / "kept");
  remove_earlier_sessions(mark(3));
  EXPECT_FALSE(std::filesystem::exists(folder(1)) || std::filesystem::exists(folder(2)));
  EXPECT_TRUE(std::filesystem::exists(folder(3)));
  EXPECT_TRUE(std::filesystem::exists(place_ / "kept")) << "links are not followed";
  remove_earlier_sessions("no mark");
  remove_earlier_sessions(mark(4));
  EXPECT_FALSE(std::filesystem::exists(folder(3)));
}

TEST(LaunchLine, RanksAreToldOfLostGpusWhereThereAreAny) {
  auto lost = place();
  lost.has_lost_gpus = true;
  EXPECT_THAT(launch_line(Launcher::mpirun, 2, {}, lost), Contains("MUSTER_LOST_GPUS"));
  EXPECT_THAT(launch_line(Launcher::mpirun, 2, {}, place()), Not(Contains("MUSTER_LOST_GPUS")));
}

TEST(LaunchLine, OpenMpi5HasOtherNames) {
  auto newer = place();
  newer.has_open_mpi_4 = false;
  auto const line = launch_line(Launcher::mpirun, 2, {}, newer);
  EXPECT_THAT(line, AllOf(Contains("self,sm"), Contains("ulfm"), Not(Contains("--quiet"))));
}

TEST(LaunchLine, SrunKeepsTheStepWhenARankDies) {
  auto const line = launch_line(Launcher::srun, 2, {"run", "job.toml"}, place());
  EXPECT_EQ(line.front(), "srun");
  EXPECT_THAT(line, AllOf(Contains("--mpi=pmix"), Contains("--kill-on-bad-exit=0"), Contains("--gpu-bind=none")));
  EXPECT_THAT(line, Not(Contains(testing::StartsWith("--cpus-per-task"))));
}

TEST(LaunchLine, AfterALossTheNodesThatAreLeftAreNamed) {
  auto fewer = place();
  fewer.nodes = {{"node1", 2}, {"node4", 1}};
  fewer.is_in_allocation = true;
  EXPECT_THAT(launch_line(Launcher::mpirun, 3, {}, fewer), AllOf(Contains("--host"), Contains("node1:2,node4:1")));
  EXPECT_THAT(launch_line(Launcher::srun, 3, {}, fewer), AllOf(Contains("--nodes=2"), Contains("--nodelist=node1,node4")));
  EXPECT_THAT(launch_line(Launcher::mpirun, 3, {}, place()), Not(Contains("--host")));
}

TEST(LaunchLine, SrunGivesATaskTheCpusOfItsRank) {
  auto known = place();
  known.cpus_per_task = 12;
  auto const line = launch_line(Launcher::srun, 2, {"run", "job.toml"}, known);
  EXPECT_THAT((std::vector<std::string>(line.end() - 4, line.end())),
              ElementsAre("--cpus-per-task=12", "/opt/muster", "run", "job.toml"));
  EXPECT_THAT(launch_line(Launcher::mpirun, 2, {}, known), Not(Contains("--cpus-per-task=12")));
}

TEST(CpusPerTask, AreThoseAskedForOrGivenOrAnEvenShareOfTheSmallestNode) {
  EXPECT_EQ(cpus_per_task(4, 3, {"64(x2)", 8, 2}), 3);
  EXPECT_EQ(cpus_per_task(4, 0, {"64(x2)", 8, 2}), 8);
  EXPECT_EQ(cpus_per_task(4, 0, {"64(x2)", 0, 2}), 32);
  EXPECT_EQ(cpus_per_task(5, 0, {"64(x2),36", 0, 3}), 18) << "two ranks on a node of 36";
  EXPECT_EQ(cpus_per_task(1, 0, {"72", 0, 1}), 72);
  EXPECT_EQ(cpus_per_task(8, 0, {"4", 0, 1}), 0) << "less than one each: left to Slurm";
  EXPECT_EQ(cpus_per_task(4, 0, {}), 0) << "outside of an allocation";
  EXPECT_EQ(cpus_per_task(4, 0, {"many", 0, 0}), 0);
}

}  // namespace
}  // namespace muster::cli
