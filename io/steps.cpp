#include "io/steps.hpp"

namespace muster::io {
namespace {
StepHook installed = nullptr;
}

void set_step_hook(StepHook hook) { installed = hook; }

void mark_step(char const* step) {
  if (installed != nullptr) installed(step);
}

}  // namespace muster::io
