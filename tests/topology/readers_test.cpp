// What readers of machine files say to files they cannot use.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "tests/topology/fixtures.hpp"
#include "topology/links.hpp"
#include "topology/plan.hpp"
#include "topology/xml.hpp"

namespace muster::topology {
namespace {

using testing::HasSubstr;

/// The message of the user's error that `action` ends with.
template <class Action>
std::string refusal(Action const& action) {
  try {
    action();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    return error.what();
  }
  ADD_FAILURE() << "it was accepted";
  return "";
}

std::string refused_json(std::string const& text) {
  return refusal([&] { check_cluster(cluster_from_json(text, "m.json"), "m.json"); });
}

/// JSON of a machine with these GPUs and further members.
std::string with_gpus(std::string const& gpus, std::string const& more = "") {
  return R"({"cpu": {"cores": 8, "threads": 16}, "gpus": [)" + gpus + "]" + more + "}";
}
std::string const t4 = R"({"name": "Tesla T4", "uuid": "GPU-1", "pci_address": "0000:01:00.0", "memory_bytes": 16106127360})";
std::string const other_t4 =
    R"({"name": "Tesla T4", "uuid": "GPU-2", "pci_address": "0000:02:00.0", "memory_bytes": 16106127360})";

TEST(MachineJson, NeedsLittle) {
  auto const cluster = cluster_from_json(with_gpus(t4 + "," + other_t4), "m.json");
  check_cluster(cluster, "m.json");
  ASSERT_EQ(cluster.nodes.size(), 1U);
  auto const& machine = cluster.nodes.front().machine;
  EXPECT_EQ(machine.gpus[1].ordinal, 1);
  EXPECT_EQ(machine.cpu.usable_cores, 8);
  EXPECT_TRUE(machine.links.empty());
}

TEST(MachineJson, RefusesWhatIsNoMachine) {
  EXPECT_THAT(refused_json("{"), HasSubstr("m.json: not JSON (at byte"));
  EXPECT_THAT(refused_json(R"({"cpu": {"quota_cpus": 1e999}})"), HasSubstr("a number is too large"));
  EXPECT_THAT(refused_json("[1]"), HasSubstr("the document is [1] (must be an object)"));
  EXPECT_THAT(refused_json("{}"), HasSubstr("it is no machine"));
  EXPECT_THAT(refused_json(R"({"nodes": []})"), HasSubstr("nodes is empty"));
  EXPECT_THAT(refused_json(R"({"gpus": 3})"), HasSubstr("gpus is 3 (must be an array)"));
  EXPECT_THAT(refused_json(R"({"gpus": [{"name": ""}]})"), HasSubstr("gpus[0].name is missing"));
  EXPECT_THAT(refused_json(with_gpus(t4, R"(, "links": [["X", "NV1"]])")), HasSubstr("links[0] has 2 columns for 1 GPUs"));
  EXPECT_THAT(refused_json(with_gpus(t4 + "," + other_t4, R"(, "links": [["X", "FAST"], ["SYS", "X"]])")),
              HasSubstr(R"(links[0][1] = "FAST" (must be NV and a number)"));
  EXPECT_THAT(refused_json(with_gpus(t4 + "," + other_t4, R"(, "peer_access": [["X", "maybe"], ["no", "X"]])")),
              HasSubstr("must be one of unknown, no, yes"));
}

TEST(MachineJson, RefusesWrongNumbers) {
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": -1}})"), HasSubstr("cpu.cores = -1 (must be a whole number, 1 to"));
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": 1.5}})"), HasSubstr("cpu.cores = 1.5"));
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": 99999999999999999999}})"), HasSubstr("cpu.cores"));
  EXPECT_THAT(refused_json(R"({"cpu": {}, "memory": {"total_bytes": "much"}})"), HasSubstr(R"(memory.total_bytes = "much")"));
  EXPECT_THAT(refused_json(R"({"nodes": [{"count": 0, "machine": {}}]})"), HasSubstr("nodes[0].count = 0"));
  EXPECT_THAT(refused_json(R"({"gpus": [{"name": "Tesla T4", "capability": [7]}]})"), HasSubstr("must be two numbers"));
  EXPECT_THAT(refused_json(R"({"gpus": [{"name": "Tesla T4", "mig": "half"}]})"), HasSubstr("must be one of unknown, off"));
  EXPECT_THAT(refused_json(R"({"cpu": {}, "launch": {"ranks": 2, "rank": 2}})"), HasSubstr("launch.rank = 2"));
}

TEST(MachineJson, RefusesContradictions) {
  EXPECT_THAT(refused_json(with_gpus(t4 + "," + t4)), HasSubstr("GPUs 0 and 1 have one UUID, GPU-1"));
  EXPECT_THAT(refused_json(with_gpus(R"({"name": "a", "pci_address": "x"}, {"name": "b", "pci_address": "x"})")),
              HasSubstr("have one PCI address, x"));
  EXPECT_THAT(refused_json(with_gpus(R"({"name": "a", "ordinal": 1}, {"name": "b"})")), HasSubstr("two GPUs have ordinal 1"));
  EXPECT_THAT(refused_json(with_gpus(R"({"name": "Tesla T4", "memory_bytes": 85899345920})")),
              HasSubstr("GPU 0 is a Tesla T4 with 80 GB (that card has 16)"));
  EXPECT_THAT(refused_json(with_gpus(R"({"name": "Tesla T4", "capability": [9, 0]})")),
              HasSubstr("compute capability 9.0 (that card has 7.5)"));
  EXPECT_THAT(refused_json(with_gpus(R"({"name": "a", "memory_bytes": 10, "free_bytes": 11})")),
              HasSubstr("11 bytes free of 10"));
  EXPECT_THAT(refused_json(with_gpus(R"({"name": "a", "mig": "on"})")), HasSubstr("list its slices instead"));
  EXPECT_THAT(refused_json(with_gpus(t4 + "," + other_t4, R"(, "links": [["X", "NV2"], ["NV4", "X"]])")),
              HasSubstr("GPU 0 to 1 is NV2, and back NV4"));
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": 4, "threads": 2}})"), HasSubstr("2 hardware threads on 4 cores"));
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": 4, "usable_cores": 8, "threads": 8}})"), HasSubstr("8 usable cores"));
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": 4, "numa": [{"id": 0, "cores": 3}, {"id": 1, "cores": 3}]}})"),
              HasSubstr("the NUMA nodes have 6 cores, the machine 4"));
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": 4, "numa": [{"id": 0, "cores": 2, "usable": "0 0"}]}})"),
              HasSubstr("each thread once"));
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": 4, "numa": [{"id": 0, "cores": 1, "usable": "0 1"}]}})"),
              HasSubstr("2 usable cores of 1"));
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": 4, "numa": [{"id": 0, "cores": 2, "usable": "0 1"}, {"id": 1, "cores": 2, "usable": "1"}]}})"),
              HasSubstr("hardware thread 1 is in two NUMA nodes"));
  EXPECT_THAT(refused_json(R"({"cpu": {"numa": [{"id": 2}, {"id": 2}]}})"), HasSubstr("two NUMA nodes are numbered 2"));
  EXPECT_THAT(refused_json(R"({"cpu": {"numa": [{"id": 0}]}, "gpus": [{"name": "a", "numa": 1}]})"),
              HasSubstr("attached to NUMA node 1, which the machine has not"));
  EXPECT_THAT(refused_json(R"({"cpu": {}, "memory": {"total_bytes": 1, "available_bytes": 2}})"), HasSubstr("2 bytes of memory available"));
  EXPECT_THAT(refused_json(R"({"nodes": [{"machine": {"host": "a"}}, {"machine": {"host": "a"}}]})"),
              HasSubstr("two machines are named a"));
  EXPECT_THAT(refused_json(R"({"nodes": [{"count": 60000, "machine": {}}, {"count": 60000, "machine": {}}]})"),
              HasSubstr("120000 machines (at most"));
}

TEST(MachineJson, ShowsHostileTextPrintably) {
  auto const told = refused_json("{\"cpu\": {\"cores\": \"\\u001b[31m\"}}");
  EXPECT_EQ(told.find('\033'), std::string::npos);
}

TEST(MachineJson, RefusesWhatIsNestedBeyondAnyMachine) {
  EXPECT_EQ(refused_json(std::string(100'000, '[')),
            "m.json: nested more than 32 deep (no machine is); write the file anew with muster topology --json");
  EXPECT_THAT(refused_json(std::string(32, '[')), HasSubstr("not JSON"));
}

TEST(MachineJson, NamesThePlaceOfWhatItRefuses) {
  EXPECT_EQ(refused_json(R"({"nodes": [{"machine": {}}, {"machine": {"cpu": {"numa": [{"id": 1}, {"id": true}]}}}]})"),
            "m.json: nodes[1].machine.cpu.numa[1].id = true (must be a whole number, 0 to 1048576); correct it, or write the file "
            "anew with muster topology --json");
  EXPECT_THAT(refused_json(R"({"cpu": {"cores": {"a": [1, null, -2.5, {"b": "c"}]}}})"),
              HasSubstr(R"(cpu.cores = {"a":[1,null,-2.5,{"b":"c"}]} (must be)"));
  EXPECT_THAT(refused_json(R"({"memory": {"total_bytes": -1}, "host": "a"})"), HasSubstr("memory.total_bytes = -1 (must be a whole number of bytes)"));
  EXPECT_THAT(refused_json(R"({"host": {}})"), HasSubstr("host = {} (must be a text of at most 400 bytes)"));
  EXPECT_THAT(refused_json(R"({"cpu": {"quota_cpus": "1"}})"), HasSubstr(R"(cpu.quota_cpus = "1" (must be a number, 0 to)"));
  EXPECT_THAT(refused_json(R"({"host": "a", "launch": {"is_launched": 1}})"), HasSubstr("launch.is_launched = 1 (must be true or false)"));
  EXPECT_THAT(refused_json(R"({"gpus": [3]})"), HasSubstr("gpus[0] is 3 (must be an object)"));
}

TEST(MachineJson, OfTwoMembersWithOneKeyTheFirstCounts) {
  EXPECT_EQ(cluster_from_json(R"({"host": "a", "host": "b"})", "m.json").nodes.front().machine.host, "a");
}

TEST(MachineJson, ReadsAThousandMachinesAndTheirGpus) {
  std::string nodes;
  for (int node = 0; node < 1250; ++node) {
    std::string gpus;
    for (int gpu = 0; gpu < 8; ++gpu)
      gpus += fmt::format(R"({}{{"name": "NVIDIA H100 80GB HBM3", "uuid": "GPU-{}-{}", "memory_bytes": 85520809984}})",
                          gpu == 0 ? "" : ", ", node, gpu);
    nodes += fmt::format(R"({}{{"machine": {{"host": "node{}", "gpus": [{}]}}}})", node == 0 ? "" : ", ", node, gpus);
  }
  auto const cluster = cluster_from_json(R"({"nodes": [)" + nodes + "]}", "m.json");
  check_cluster(cluster, "m.json");
  ASSERT_EQ(cluster.nodes.size(), 1250U);
  EXPECT_EQ(cluster.nodes.back().machine.gpus.back().uuid, "GPU-1249-7");
  auto const plan = make_plan(cluster, {});
  EXPECT_EQ(plan.gpus, 10'000);
  ASSERT_EQ(plan.nodes.size(), 1U) << "machines that are alike are planned once";
  EXPECT_EQ(plan.nodes.front().count, 1250);
  EXPECT_EQ(plan.nodes.front().ranks.size(), 8U);
}

TEST(SmiXml, RefusesWhatItIsNot) {
  auto const refused = [](std::string const& text) {
    return refusal([&] {
      Facts facts;
      add_smi_xml(facts, text, "smi.xml");
    });
  };
  EXPECT_THAT(refused(""), HasSubstr("no element begins here"));
  EXPECT_THAT(refused("<nvidia_smi_log>\n<gpu>\n"), HasSubstr("smi.xml: line 3: <gpu> is not closed"));
  EXPECT_THAT(refused("<a></b>"), HasSubstr("<a> is closed by another name"));
  EXPECT_THAT(refused("<html></html>"), HasSubstr("<html> is not what nvidia-smi writes"));
  EXPECT_THAT(refused("<nvidia_smi_log><gpu id=\"1\"></gpu></nvidia_smi_log>"), HasSubstr("no product_name"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_THAT(refused(deep), HasSubstr("too deep"));
}

TEST(Xml, ReadsElementsAttributesAndText) {
  std::string fault;
  auto const root = parse_xml("<?xml version='1.0'?><!DOCTYPE a><!-- c --><a id='1'><b x=\"2\" id=\"3\"> 4 &lt;&amp; </b><c/></a>\n", fault);
  ASSERT_TRUE(root) << fault;
  EXPECT_EQ(root->id, "1");
  EXPECT_EQ(root->find("b")->id, "3");
  EXPECT_EQ(root->at("b"), "4 <&");
  EXPECT_EQ(root->at("c/d"), "");
  EXPECT_FALSE(parse_xml("<a></a><b></b>", fault));
  EXPECT_EQ(fault, "line 1: something follows the root element");
}

TEST(TopoMatrix, RefusesWhatDoesNotFit) {
  auto const refused = [](std::size_t gpus, std::string const& text) {
    return refusal([&] {
      Facts facts;
      facts.gpus.resize(gpus);
      add_topo_matrix(facts, text, "topo.txt");
    });
  };
  EXPECT_THAT(refused(1, "nonsense"), HasSubstr("0 rows for 0 GPUs"));
  EXPECT_THAT(refused(2, "\tGPU0\tGPU1\nGPU0\t X \tNV1\n"), HasSubstr("1 rows for 2 GPUs"));
  EXPECT_THAT(refused(2, "\tGPU0\tGPU1\nGPU0\t X \tNV1\nGPU1\tNV1\n"), HasSubstr("1 of 2 columns"));
  EXPECT_THAT(refused(2, "\tGPU0\tGPU1\nGPU0\t X \tXYZ\nGPU1\tXYZ\t X\n"), HasSubstr("\"XYZ\" is no link"));
  EXPECT_THAT(refused(3, "\tGPU0\tGPU1\nGPU0\t X \tNV1\nGPU1\tNV1\t X\n"), HasSubstr("a matrix of 2 GPUs for a machine with 3"));
}

TEST(HwlocXml, RefusesWhatItIsNot) {
  Facts facts;
  EXPECT_THAT(refusal([&] { add_hwloc_xml(facts, "<topology version=\"2.0\">", "h.xml"); }),
              HasSubstr("h.xml: hwloc does not read this XML"));
}

TEST(Links, HaveWords) {
  for (auto const* word : {"NV1", "NV18", "PIX", "PXB", "PHB", "NODE", "SYS", "?"})
    EXPECT_EQ(to_string(*parse_link(word)), word);
  for (auto const* word : {"", "NV", "NV0", "NV-1", "NV99", "NVx", "X", "pix"}) EXPECT_FALSE(parse_link(word)) << word;
  EXPECT_EQ(parse_link("SOC")->kind, LinkKind::system);
}

TEST(ReadMachines, TellsFilesApart) {
  EXPECT_EQ(read_machines(fixture_folder("mixed-nodes") / "machine.json").nodes.size(), 3U);
  EXPECT_EQ(read_machines(fixture_folder("dgx1v") / "smi.xml").nodes.front().machine.gpus.size(), 8U);
  EXPECT_EQ(read_machines(fixture_folder("no-gpu") / "hwloc.xml").nodes.front().machine.cpu.cores, 16);
  EXPECT_THAT(refusal([] { read_machines(fixture_folder("dgx1v") / "topo.txt"); }), HasSubstr("not a machine file"));
  EXPECT_THAT(refusal([] { read_machines(fixture_folder("dgx1v") / "gone.json"); }), HasSubstr("gone.json"));
}

TEST(ReadMachines, NeedsSomethingInAFolder) {
  auto const folder = std::filesystem::temp_directory_path() / ("muster_machines_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  EXPECT_THAT(refusal([&] { read_machines(folder); }), HasSubstr("none of machine.json"));
  std::ofstream(folder / "machine.json") << R"({"nodes": [{"machine": {"host": "a"}}, {"machine": {"host": "b"}}]})";
  std::ofstream(folder / "topo.txt") << "\tGPU0\nGPU0\t X\n";
  EXPECT_THAT(refusal([&] { read_machines(folder); }), HasSubstr("machine.json holds 2 machines"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace muster::topology
