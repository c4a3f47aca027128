// A pointer and a length that a kernel body may carry; nothing is owned.
#pragma once

#include <cstdint>

#include "kernels/host_device.hpp"

namespace muster::kernels {

template <class T>
struct View {
  T* data = nullptr;
  std::uint64_t size = 0;
  MUSTER_HD T& operator[](std::uint64_t i) const { return data[i]; }
};

}  // namespace muster::kernels
