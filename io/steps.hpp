// Names of the steps in which files become durable, so that a test can stop a process between any
// two of them.
#pragma once

namespace muster::io {

using StepHook = void (*)(char const* step);

/// Called after every step; nullptr (the default) for none. For tests; set before threads start.
void set_step_hook(StepHook hook);

/// Says that a step is done, e.g. "state.rename".
void mark_step(char const* step);

}  // namespace muster::io
