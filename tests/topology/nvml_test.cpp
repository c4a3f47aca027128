#include "topology/nvml.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "topology/probe_gpu.hpp"

namespace muster::topology {
namespace {

/// Loads the fake first: the loader then finds it under NVML's name, on a machine with a driver too.
class Nvml : public testing::Test {
 protected:
  void SetUp() override {
    handle_ = dlopen(MUSTER_FAKE_NVML, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle_, nullptr) << dlerror();
  }
  void TearDown() override {
    dlclose(handle_);
    for (auto const* variable : {"FAKE_NVML_GPUS", "FAKE_NVML_LOST", "FAKE_NVML_BROKEN"}) unsetenv(variable);
  }

 private:
  void* handle_ = nullptr;
};

TEST_F(Nvml, ReadsCardsMemoryAndLinks) {
  setenv("FAKE_NVML_GPUS", "2", 1);
  auto const facts = read_nvml();
  ASSERT_TRUE(facts.is_loaded);
  EXPECT_EQ(facts.driver_version, "580.65.06");
  ASSERT_EQ(facts.gpus.size(), 2U);
  EXPECT_EQ(facts.gpus[1].name, "NVIDIA H200");
  EXPECT_EQ(facts.gpus[0].memory_bytes, 150754820096ULL);
  EXPECT_EQ(facts.gpus[0].nvlinks, 18);
  EXPECT_EQ(normal_pci_address(facts.gpus[0].pci_address), "0000:1a:00.0");
  EXPECT_EQ(normal_pci_address(facts.gpus[1].pci_address), "0000:1b:00.0");
  EXPECT_EQ(facts.note, "");
}

TEST_F(Nvml, LeavesOutWhatTheLibraryLacks) {
  setenv("FAKE_NVML_GPUS", "1", 1);
  auto const facts = read_nvml();
  ASSERT_EQ(facts.gpus.size(), 1U);
  EXPECT_EQ(facts.gpus[0].uuid, "");
}

TEST_F(Nvml, NamesALostCardAndGoesOn) {
  setenv("FAKE_NVML_GPUS", "3", 1);
  setenv("FAKE_NVML_LOST", "1", 1);
  auto const facts = read_nvml();
  EXPECT_EQ(facts.gpus.size(), 2U);
  EXPECT_EQ(facts.note, "GPU 1 of 3 does not answer (it may be lost or not permitted)");
}

TEST_F(Nvml, SaysWhenTheDriverDoesNotStart) {
  setenv("FAKE_NVML_BROKEN", "1", 1);
  auto const facts = read_nvml();
  EXPECT_TRUE(facts.gpus.empty());
  EXPECT_THAT(facts.note, testing::HasSubstr("did not start"));
}

TEST(NormalPciAddress, KeepsShortOnes) {
  EXPECT_EQ(normal_pci_address("0001:AF:00.0"), "0001:af:00.0");
  EXPECT_EQ(normal_pci_address("1b:00.0"), "1b:00.0");
  EXPECT_EQ(normal_pci_address(""), "");
}

}  // namespace
}  // namespace muster::topology
