// In a process of its own: a library stays loaded once it was, and the loader goes by its name.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/topology/fixtures.hpp"
#include "topology/nvml.hpp"

namespace muster::topology {
namespace {

TEST(OldNvml, GoesWithoutWhatItLacks) {
  void* const library = dlopen(MUSTER_OLD_NVML, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  setenv("FAKE_NVML_FIXTURE", fixture_folder("hgx-h100").c_str(), 1);
  auto const nvml = read_nvml();
  dlclose(library);
  ASSERT_EQ(nvml.gpus.size(), 8U);
  EXPECT_EQ(nvml.gpus[0].name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(nvml.gpus[0].memory_bytes, 81559ULL << 20);
  EXPECT_EQ(nvml.gpus[0].uuid, "");
  EXPECT_EQ(nvml.gpus[0].numa, -1);
  EXPECT_EQ(nvml.gpus[0].mig, Mig::unknown);
  EXPECT_EQ(nvml.gpus[0].nvlinks, 0);
  EXPECT_EQ(nvml.links[1], Link{});
  EXPECT_EQ(nvml.note, "");
}

}  // namespace
}  // namespace muster::topology
