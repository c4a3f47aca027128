#include "topology/nvml.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/topology/fixtures.hpp"
#include "topology/links.hpp"
#include "topology/nvml_abi.hpp"
#include "topology/process_memory.hpp"

#if __has_include(<nvml.h>)
#include <nvml.h>
#endif

namespace muster::topology {
namespace {

/// Loads the fake first: the loader then finds it under NVML's name, on a machine with a driver too.
class Nvml : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    handle_ = dlopen(MUSTER_FAKE_NVML, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle_, nullptr) << dlerror();
  }
  void TearDown() override {
    dlclose(handle_);
    for (auto const* variable : {"FIXTURE", "LOST", "FORBIDDEN", "BROKEN", "LACKS"})
      unsetenv(("FAKE_NVML_" + std::string(variable)).c_str());
  }
  static void serve(std::string const& name) { setenv("FAKE_NVML_FIXTURE", fixture_folder(name).c_str(), 1); }

 private:
  void* handle_ = nullptr;
};

TEST_P(Nvml, GivesBackTheFixture) {
  serve(GetParam());
  auto const wanted = fixture_machine(GetParam());
  auto const nvml = read_nvml();
  ASSERT_TRUE(nvml.is_loaded);
  auto const found = devices_of(nvml);
  EXPECT_EQ(nvml.note, "");
  EXPECT_EQ(found.driver_version, wanted.driver_version);
  ASSERT_EQ(found.gpus.size(), wanted.gpus.size());
  for (std::size_t i = 0; i < wanted.gpus.size(); ++i) {
    auto const &a = found.gpus[i], &b = wanted.gpus[i];
    SCOPED_TRACE(b.name);
    EXPECT_EQ(std::tie(a.ordinal, a.name, a.uuid, a.pci_address, a.memory_bytes, a.free_bytes, a.numa, a.ecc, a.mig),
              std::tie(b.ordinal, b.name, b.uuid, b.pci_address, b.memory_bytes, b.free_bytes, b.numa, b.ecc, b.mig));
    EXPECT_EQ(std::tie(a.capability_major, a.capability_minor, a.multiprocessors, a.clock_mhz),
              std::tie(b.capability_major, b.capability_minor, b.multiprocessors, b.clock_mhz));
    for (std::size_t j = 0; j < wanted.gpus.size(); ++j)
      if (i != j && b.mig != Mig::slice && wanted.gpus[j].mig != Mig::slice) {
        EXPECT_EQ(to_string(link_between(found, i, j)), to_string(link_between(wanted, i, j))) << i << " " << j;
        EXPECT_EQ(link_between(found, i, j).peer, link_between(wanted, i, j).peer);
      }
  }
}
INSTANTIATE_TEST_SUITE_P(Fixtures, Nvml, testing::ValuesIn(fixture_names()),
                         [](auto const& test) { return fixture_test_name(test.param); });

TEST_F(Nvml, TellsWhatThisProcessHolds) {
  serve("hgx-h200");
  auto const gpu = read_nvml().gpus[3];
  EXPECT_EQ(process_bytes_on(gpu.pci_address), gpu.memory_bytes - gpu.free_bytes);
  EXPECT_EQ(process_bytes_on("0000:ff:00.0"), std::nullopt);
  setenv("FAKE_NVML_LACKS", "used_bytes", 1);
  EXPECT_EQ(process_bytes_on(gpu.pci_address), std::nullopt) << "a MIG slice's is not told";
  setenv("FAKE_NVML_LACKS", "pid", 1);
  EXPECT_EQ(process_bytes_on(gpu.pci_address), std::nullopt) << "in a container the number is another";
  setenv("FAKE_NVML_LACKS", "nvmlDeviceGetComputeRunningProcesses_v3", 1);
  EXPECT_EQ(process_bytes_on(gpu.pci_address), std::nullopt);
  setenv("FAKE_NVML_BROKEN", "1", 1);
  EXPECT_EQ(process_bytes_on(gpu.pci_address), std::nullopt);
}

TEST_F(Nvml, CountsLinks) {
  serve("hgx-h200");
  EXPECT_EQ(read_nvml().gpus[0].nvlinks, 18);
  serve("dgx1v");
  EXPECT_EQ(read_nvml().gpus[5].nvlinks, 6);
  serve("cloud-t4");
  EXPECT_EQ(read_nvml().gpus[0].nvlinks, 0);
}

TEST_F(Nvml, ListsSlicesBesideTheirCard) {
  serve("mig-mixed");
  auto const nvml = read_nvml();
  EXPECT_EQ(nvml.gpus.size(), 4U);
  EXPECT_EQ(nvml.slices.size(), 4U);
  auto const devices = devices_of(nvml);
  EXPECT_EQ(devices.gpus.size(), 7U);
  EXPECT_EQ(devices.gpus[3].mig, Mig::slice);
  EXPECT_EQ(devices.gpus[4].mig, Mig::off);
  EXPECT_EQ(link_between(devices, 0, 1).peer, Peer::no);
  EXPECT_EQ(link_between(devices, 5, 6).peer, Peer::unknown);
  EXPECT_EQ(link_between(devices, 0, 4).peer, Peer::no);
}

TEST_F(Nvml, GoesWithoutWhatIsNotSupported) {
  serve("hgx-h100");
  setenv("FAKE_NVML_LACKS", "nvmlDeviceGetNvLinkState nvmlDeviceGetMemoryInfo", 1);
  auto const nvml = read_nvml();
  ASSERT_EQ(nvml.gpus.size(), 8U);
  EXPECT_EQ(nvml.gpus[0].nvlinks, 0);
  EXPECT_EQ(nvml.gpus[0].memory_bytes, 0U);
  EXPECT_EQ(nvml.links[1].kind, LinkKind::system);
  setenv("FAKE_NVML_LACKS", "nvmlDeviceGetNvLinkState nvmlDeviceGetTopologyCommonAncestor", 1);
  EXPECT_EQ(read_nvml().links[1].kind, LinkKind::unknown);
}

TEST_F(Nvml, NamesACardThatDoesNotAnswerAndGoesOn) {
  serve("dgx-a100");
  setenv("FAKE_NVML_LOST", "1", 1);
  setenv("FAKE_NVML_FORBIDDEN", "6", 1);
  auto const nvml = read_nvml();
  EXPECT_EQ(nvml.gpus.size(), 6U);
  EXPECT_EQ(nvml.links.size(), 36U);
  EXPECT_EQ(nvml.note,
            "GPU 1 of 8 does not answer (it is lost: fallen off the bus; reset it or the machine); GPU 6 of 8 does not "
            "answer (no permission; see the rights on /dev/nvidia*)");
}

TEST_F(Nvml, SaysWhenTheDriverDoesNotStart) {
  setenv("FAKE_NVML_BROKEN", "1", 1);
  auto const nvml = read_nvml();
  EXPECT_TRUE(nvml.gpus.empty());
  EXPECT_EQ(nvml.note, "the NVIDIA driver did not start (the driver is not loaded); see nvidia-smi");
}

TEST(NormalPciAddress, KeepsShortOnes) {
  EXPECT_EQ(normal_pci_address("0001:AF:00.0"), "0001:af:00.0");
  EXPECT_EQ(normal_pci_address("00000000:1B:00.0"), "0000:1b:00.0");
  EXPECT_EQ(normal_pci_address("1b:00.0"), "1b:00.0");
  EXPECT_EQ(normal_pci_address(""), "");
}

#if __has_include(<nvml.h>)
TEST(NvmlAbi, IsThatOfTheHeader) {
  EXPECT_EQ(sizeof(nvml::Memory), sizeof(nvmlMemory_t));
  EXPECT_EQ(sizeof(nvml::Pci), sizeof(nvmlPciInfo_t));
  EXPECT_EQ(offsetof(nvml::Pci, bus_id), offsetof(nvmlPciInfo_t, busId));
  EXPECT_EQ(sizeof(nvml::Process), sizeof(nvmlProcessInfo_t));
  EXPECT_EQ(offsetof(nvml::Process, used_bytes), offsetof(nvmlProcessInfo_t, usedGpuMemory));
  EXPECT_EQ(sizeof(nvml::Attributes), sizeof(nvmlDeviceAttributes_t));
  EXPECT_EQ(offsetof(nvml::Attributes, memory_mb), offsetof(nvmlDeviceAttributes_t, memorySizeMB));
  EXPECT_EQ(nvml::invalid_argument, NVML_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(nvml::not_supported, NVML_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(nvml::no_permission, NVML_ERROR_NO_PERMISSION);
  EXPECT_EQ(nvml::not_found, NVML_ERROR_NOT_FOUND);
  EXPECT_EQ(nvml::driver_not_loaded, NVML_ERROR_DRIVER_NOT_LOADED);
  EXPECT_EQ(nvml::function_not_found, NVML_ERROR_FUNCTION_NOT_FOUND);
  EXPECT_EQ(nvml::gpu_is_lost, NVML_ERROR_GPU_IS_LOST);
  EXPECT_EQ(nvml::most_nvlinks, NVML_NVLINK_MAX_LINKS);
  EXPECT_EQ(nvml::clock_sm, NVML_CLOCK_SM);
  EXPECT_EQ(nvml::p2p_read, NVML_P2P_CAPS_INDEX_READ);
  EXPECT_EQ(nvml::p2p_ok, NVML_P2P_STATUS_OK);
  EXPECT_EQ(nvml::p2p_unknown, NVML_P2P_STATUS_UNKNOWN);
  EXPECT_EQ(nvml::affinity_of_node, NVML_AFFINITY_SCOPE_NODE);
  EXPECT_EQ(nvml::remote_is_switch, NVML_NVLINK_DEVICE_TYPE_SWITCH);
  EXPECT_EQ(nvml::level_single, NVML_TOPOLOGY_SINGLE);
  EXPECT_EQ(nvml::level_multiple, NVML_TOPOLOGY_MULTIPLE);
  EXPECT_EQ(nvml::level_host_bridge, NVML_TOPOLOGY_HOSTBRIDGE);
  EXPECT_EQ(nvml::level_node, NVML_TOPOLOGY_NODE);
  EXPECT_EQ(nvml::level_system, NVML_TOPOLOGY_SYSTEM);
}
#endif

}  // namespace
}  // namespace muster::topology
