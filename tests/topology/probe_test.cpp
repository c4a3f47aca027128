#include "topology/probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/topology/fixtures.hpp"
#include "topology/probe_cpu.hpp"

namespace muster::topology {
namespace {

/// Sets variables for one test and clears every launcher's before and after.
class LaunchEnvironment : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void set(std::map<std::string, std::string> const& variables) {
    for (auto const& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  }

 private:
  static void clear() {
    for (auto const* name : {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE",
                             "OMPI_COMM_WORLD_LOCAL_RANK", "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS",
                             "MPI_LOCALRANKID", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_LOCALID",
                             "SLURM_STEP_TASKS_PER_NODE", "SLURM_CPUS_ON_NODE", "SLURM_CPUS_PER_TASK"})
      unsetenv(name);
  }
};

TEST_F(LaunchEnvironment, EmptyIsNoLauncher) { EXPECT_FALSE(launch_from_environment().is_launched); }

TEST_F(LaunchEnvironment, ReadsOpenMpi) {
  set({{"OMPI_COMM_WORLD_SIZE", "8"}, {"OMPI_COMM_WORLD_RANK", "5"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"},
       {"OMPI_COMM_WORLD_LOCAL_RANK", "1"}});
  auto const launch = launch_from_environment();
  EXPECT_TRUE(launch.is_launched);
  EXPECT_EQ(launch.rank, 5);
  EXPECT_EQ(launch.ranks, 8);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_ranks, 4);
}

TEST_F(LaunchEnvironment, ReadsSrun) {
  set({{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "3"}, {"SLURM_LOCALID", "1"},
       {"SLURM_STEP_TASKS_PER_NODE", "2(x2)"}});
  auto const launch = launch_from_environment();
  EXPECT_TRUE(launch.is_launched);
  EXPECT_EQ(launch.rank, 3);
  EXPECT_EQ(launch.local_ranks, 2);
}

TEST_F(LaunchEnvironment, ABatchScriptIsNoLauncher) {
  set({{"SLURM_PROCID", "0"}, {"SLURM_LOCALID", "0"}});
  EXPECT_FALSE(launch_from_environment().is_launched);
}

TEST_F(LaunchEnvironment, SrunsGrantLimitsTheCpus) {
  auto const granted = [] { return granted_cpus_from_environment(launch_from_environment()); };
  set({{"SLURM_CPUS_ON_NODE", "16"}, {"SLURM_CPUS_PER_TASK", "2"}});
  EXPECT_EQ(granted(), 0) << "a batch script is no step";
  set({{"SLURM_STEP_NUM_TASKS", "6"}, {"SLURM_PROCID", "3"}, {"SLURM_LOCALID", "1"}, {"SLURM_STEP_TASKS_PER_NODE", "3(x2)"}});
  EXPECT_EQ(granted(), 6);
  EXPECT_EQ(probe(GpuProbe::skip).cpu.granted_cpus, 6);
  set({{"SLURM_CPUS_PER_TASK", "1000000000"}});
  EXPECT_EQ(granted(), 16);
  set({{"SLURM_CPUS_PER_TASK", "many"}});
  EXPECT_EQ(granted(), 16);
  set({{"SLURM_CPUS_ON_NODE", "-4"}});
  EXPECT_EQ(granted(), 0);
  set({{"SLURM_CPUS_ON_NODE", "16"}, {"OMPI_COMM_WORLD_SIZE", "6"}, {"OMPI_COMM_WORLD_RANK", "0"}});
  EXPECT_EQ(granted(), 0) << "mpirun's daemons have a step of their own";
}

TEST_F(LaunchEnvironment, ContradictionsAreNotBelieved) {
  set({{"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_RANK", "7"}});
  EXPECT_FALSE(launch_from_environment().is_launched);
  set({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "9"}});
  EXPECT_EQ(launch_from_environment().local_ranks, 1);
}

TEST(ProbeCpu, CountsAreConsistent) {
  auto const cpu = probe_cpu(Affinity::respect);
  EXPECT_GE(cpu.usable_cores, 1);
  EXPECT_LE(cpu.usable_cores, cpu.cores);
  EXPECT_LE(cpu.cores, cpu.threads);
  EXPECT_LE(cpu.usable_threads, cpu.threads);
  EXPECT_EQ(cpu.threads, sysconf(_SC_NPROCESSORS_ONLN));
}

TEST(ProbeCpu, AffinityIsALimitOnlyWhenRespected) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  if (CPU_COUNT(&before) < 2) GTEST_SKIP() << "one CPU cannot be narrowed";
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  auto const bound = probe_cpu(Affinity::respect);
  auto const whole = probe_cpu(Affinity::ignore);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(bound.usable_threads, 1);
  EXPECT_EQ(bound.usable_cores, 1);
  EXPECT_GT(whole.usable_threads, 1);
}

TEST(ProbeMemory, IsWithinTheMachine) {
  auto const memory = probe_memory();
  EXPECT_GT(memory.total_bytes, 0U);
  EXPECT_GT(memory.available_bytes, 0U);
  EXPECT_LE(memory.available_bytes, memory.total_bytes);
}

TEST(Facts, AreOneJsonObject) {
  auto facts = probe(GpuProbe::skip);
  facts.host = "bad\xff name";  // firmware and drivers are not always UTF-8
  Gpu gpu;
  gpu.name = "NVIDIA H200";
  gpu.memory_bytes = 143771ULL << 20;
  facts.gpus.push_back(gpu);
  auto const json = nlohmann::json::parse(to_json(facts));
  EXPECT_EQ(json["cpu"]["usable_cores"], facts.cpu.usable_cores);
  EXPECT_EQ(json["gpus"][0]["profile"], "H200");
  EXPECT_EQ(json["gpus"][0]["tier"], "high");
  EXPECT_EQ(json["gpus"][0]["nominal_memory_gb"], 141);
}

TEST(Facts, AreATree) {
  auto const facts = probe(GpuProbe::skip);
  auto const tree = to_tree(facts);
  EXPECT_THAT(tree, testing::StartsWith(facts.host + ": "));
  EXPECT_THAT(tree, testing::HasSubstr("├─ cpu: " + facts.cpu.model));
  EXPECT_THAT(tree, testing::HasSubstr("└─ no GPU: not looked for"));
}

TEST(Facts, HangGpusBelowTheirNumaNode) {
  auto const tree = to_tree(fixture_machine("mixed-cards"));
  EXPECT_THAT(tree, testing::HasSubstr("├─ NUMA node 1: 8 cores, 128.0 GiB\n│  └─ GPU 0: NVIDIA GeForce RTX 5090\n│     ├─ 31.8 GiB"));
  EXPECT_THAT(tree, testing::HasSubstr("│  ├─ GPU1  SYS   X     PHB   NODE  NODE"));
  EXPECT_THAT(to_tree(fixture_machine("hgx-h200")), testing::HasSubstr("├─ links: every pair of GPUs by NV18\n"));
  EXPECT_THAT(to_tree(fixture_machine("cloud-t4")), testing::HasSubstr("\n├─ GPU 0: Tesla T4\n"));
  EXPECT_THAT(to_tree(fixture_machine("pcie-4090-no-peer")), testing::HasSubstr("peer access: none"));
  EXPECT_THAT(to_tree(fixture_machine("mig-mixed")), testing::HasSubstr(", a MIG slice"));
}

}  // namespace
}  // namespace muster::topology
