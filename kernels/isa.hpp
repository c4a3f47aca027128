// Which copy of the CPU bodies runs: chosen by CPUID, forced by MUSTER_ISA=v3|v4.
#pragma once

#include <string_view>

namespace muster::kernels {

enum class Isa { v3, v4, generic };

/// The instruction set in use. Throws Error (Exit::environment) when this CPU has none that muster was
/// built for, and Error (Exit::user) when MUSTER_ISA names an unknown one or one this CPU lacks.
Isa active_isa();
/// True when this CPU can run `isa`.
bool has_isa(Isa isa);
std::string_view isa_name(Isa isa);

}  // namespace muster::kernels
