// The version of muster's arithmetic: rises in the commit that changes any bit of any result.
#pragma once

#include <cstdint>

namespace muster::kernels {

inline constexpr std::uint32_t arithmetic_version = 1;

}  // namespace muster::kernels
