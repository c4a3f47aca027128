#include "topology/cuda_uuid.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace muster::topology {
namespace {

/// The library of that name is the fake one while it is loaded.
class FakeCuda : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(handle_ = dlopen(MUSTER_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL), nullptr) << dlerror();
  }
  void TearDown() override {
    unsetenv("FAKE_CUDA_OLD");
    if (handle_ != nullptr) dlclose(handle_);
  }

 private:
  void* handle_ = nullptr;
};

TEST_F(FakeCuda, ASliceHasItsOwnUuid) {
  EXPECT_EQ(driver_uuid(0), "GPU-abababab-abab-abab-abab-abababababab");
  EXPECT_EQ(driver_uuid(1), "MIG-1f1f1f1f-1f1f-1f1f-1f1f-1f1f1f1f1f1f");
}

TEST_F(FakeCuda, WhatTheDriverDoesNotKnowIsNothing) {
  EXPECT_EQ(driver_uuid(2), std::nullopt);
  setenv("FAKE_CUDA_OLD", "1", 1);
  EXPECT_EQ(driver_uuid(0), std::nullopt);
}

}  // namespace
}  // namespace muster::topology
