// The floating-point environment of a compute thread. A library built with -ffast-math changes it
// when it is loaded, and with it the bits of every result.
#pragma once

namespace muster::worker {

/// Round to nearest even, no flush to zero, denormals are not zeros, no traps: the IEEE default.
void set_default_fp_environment();
/// Is the environment of the calling thread still the one set above? (Raised flags do not matter.)
bool is_default_fp_environment();

}  // namespace muster::worker
