// Every fixture reads, is sound, and survives being written and read again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/topology/fixtures.hpp"
#include "topology/cards.hpp"
#include "topology/links.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

class Fixture : public testing::TestWithParam<std::string> {};

TEST_P(Fixture, NamesItsSource) {
  std::ifstream in(fixture_folder(GetParam()) / "source.txt");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_THAT(text.str(), testing::AnyOf(testing::HasSubstr("github.com/"), testing::StartsWith("synthetic"),
                                         testing::StartsWith("measured")));
}

TEST_P(Fixture, SurvivesItsJson) {
  auto const first = to_json(fixture(GetParam()));
  auto const again = cluster_from_json(first, "again");
  EXPECT_EQ(to_json(again), first);
  check_cluster(again, "again");
}

TEST_P(Fixture, HasKnownCards) {
  for (auto const& node : fixture(GetParam()).nodes)
    for (auto const& gpu : node.machine.gpus) {
      SCOPED_TRACE(gpu.name);
      EXPECT_GT(gpu.multiprocessors, 0);
      EXPECT_GT(gpu.capability_major, 0);
      EXPECT_TRUE(gpu.mig == Mig::slice || find_card(gpu.name) != nullptr);
    }
}

INSTANTIATE_TEST_SUITE_P(All, Fixture, testing::ValuesIn(fixture_names()),
                         [](auto const& test) { return fixture_test_name(test.param); });

std::string links_of_gpu(Facts const& facts, std::size_t a) {
  std::string text;
  for (std::size_t b = 0; b < facts.gpus.size(); ++b) text += a == b ? "X " : to_string(link_between(facts, a, b)) + " ";
  return text;
}

TEST(Fixtures, AreAtLeastTwenty) { EXPECT_GE(fixture_names().size(), 20U); }

TEST(Fixtures, HoldWhatTheirFilesSay) {
  auto const dgx1 = fixture_machine("dgx1v");
  EXPECT_EQ(links_of_gpu(dgx1, 0), "X NV1 NV1 NV2 NV2 SYS SYS SYS ");
  EXPECT_EQ(dgx1.gpus[4].numa, 1);
  EXPECT_EQ(dgx1.cpu.cores, 40);
  EXPECT_EQ(dgx1.gpus[0].ecc, Ecc::on);
  auto const a100 = fixture_machine("dgx-a100");  // with network cards between the GPUs and the affinity
  EXPECT_EQ(a100.gpus[0].numa, 3);
  EXPECT_EQ(a100.gpus[7].numa, 5);
  EXPECT_EQ(a100.gpus[0].clock_mhz, 1410);
  EXPECT_EQ(fixture_machine("cloud-t4").gpus[0].numa, -1);        // N/A
  EXPECT_EQ(fixture_machine("container-a100").gpus[0].numa, -1);  // blank
  EXPECT_EQ(fixture_machine("pcie-4090-peer").links[1].peer, Peer::yes);
  EXPECT_EQ(fixture_machine("pcie-4090-no-peer").links[1].peer, Peer::no);
  EXPECT_EQ(fixture_machine("dgx2").links.size(), 256U);
}

TEST(Fixtures, ReadAWholeReportOfNvidiaSmi) {
  auto const facts = fixture_machine("duo-h200");
  ASSERT_EQ(facts.gpus.size(), 2U);
  EXPECT_EQ(facts.driver_version, "580.159.04");
  auto const& gpu = facts.gpus[1];
  EXPECT_EQ(gpu.name, "NVIDIA H200");
  EXPECT_EQ(gpu.pci_address, "0000:00:07.0");
  EXPECT_EQ(gpu.memory_bytes >> 20, 143771U);
  EXPECT_EQ(gpu.clock_mhz, 1980);
  EXPECT_EQ(gpu.ecc, Ecc::on);
  EXPECT_EQ(gpu.mig, Mig::off);
  EXPECT_EQ(gpu.numa, 0);
  EXPECT_EQ(links_of_gpu(facts, 0), "X NV18 ");
  EXPECT_EQ(facts.links[1].peer, Peer::yes);
}

TEST(Fixtures, ReadHwloc) {
  auto const laptop = fixture_machine("laptop-3050");
  EXPECT_EQ(laptop.cpu.cores, 6);
  EXPECT_EQ(laptop.cpu.threads, 12);
  EXPECT_EQ(laptop.cpu.usable_cores, 6);
  EXPECT_EQ(laptop.cpu.caches.l3_bytes, 12U << 20);
  EXPECT_EQ(laptop.memory.total_bytes, 16ULL << 30);
  auto const server = fixture_machine("no-gpu");
  EXPECT_TRUE(server.gpus.empty());
  ASSERT_EQ(server.cpu.numa.size(), 2U);
  EXPECT_EQ(server.cpu.numa[1].cores, 8);
  EXPECT_EQ(server.cpu.numa[1].memory_bytes, 64ULL << 30);
  EXPECT_EQ(server.cpu.packages, 2);
}

TEST(Fixtures, ReadSlices) {
  auto const facts = fixture_machine("mig-a100");
  ASSERT_EQ(facts.gpus.size(), 7U);
  EXPECT_EQ(facts.gpus[6].uuid, "MIG-1aae4990-b962-574e-8375-119d6d9b9687");
  EXPECT_EQ(nominal_memory_gb(facts.gpus[6].memory_bytes), 10);
  EXPECT_EQ(facts.gpus[6].multiprocessors, 14);
  EXPECT_EQ(facts.gpus[6].mig, Mig::slice);
}

}  // namespace
}  // namespace muster::topology
