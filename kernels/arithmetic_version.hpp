// The version of the arithmetic: results of one version are comparable bit for bit.
#pragma once

#include <cstdint>

namespace muster::kernels {

/// Rises with every change of bits, in the commit that changes the goldens.
inline constexpr std::uint64_t arithmetic_version = 1;

}  // namespace muster::kernels
