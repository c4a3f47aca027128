// Memory of the host that a device copies to and from at its full speed.
#pragma once

#include <fmt/core.h>

#include <cstddef>

#include "core/text.hpp"
#include "kernels/accelerator.hpp"
#include "kernels/out_of_memory.hpp"

namespace muster::kernels {

class Landing {
 public:
  /// Throws OutOfMemory.
  Landing(Accelerator& device, std::size_t bytes) : device_(device), at_(device.take_host(bytes)) {
    if (at_ == nullptr)
      throw OutOfMemory(fmt::format("the host has no {} for a device to copy to (its sums arrive there); use a machine with "
                                    "more memory, or --device cpu", human_bytes(bytes)));
  }
  ~Landing() { device_.give_host(at_); }
  Landing(Landing const&) = delete;
  Landing& operator=(Landing const&) = delete;
  void* at() const { return at_; }

 private:
  Accelerator& device_;
  void* at_;
};

}  // namespace muster::kernels
