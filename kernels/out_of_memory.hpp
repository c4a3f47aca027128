// The one error that a runner can answer by needing less.
#pragma once

#include <string>
#include <utility>

#include "core/error.hpp"

namespace muster::kernels {

/// A device has no room for what a computation needs at once, by its plan or by its own word.
class OutOfMemory : public Error {
 public:
  explicit OutOfMemory(std::string message) : Error(Exit::environment, std::move(message)) {}
};

}  // namespace muster::kernels
