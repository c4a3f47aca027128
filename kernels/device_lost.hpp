// The one error after which a device is not to be called any more by this process.
#pragma once

#include <string>
#include <utility>

#include "core/error.hpp"

namespace muster::kernels {

/// A kernel has failed in a way that spoils the process's context on its device, or the device itself has failed: every later
/// call answers the same. Another process may find the device well.
class DeviceLost : public Error {
 public:
  explicit DeviceLost(std::string message) : Error(Exit::environment, std::move(message), Retry::may_help) {}
};

}  // namespace muster::kernels
