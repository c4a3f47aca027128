// The UUID of a CUDA device from the driver itself: with MIG, the slice's own.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

namespace muster::topology {

using UuidBytes = std::array<unsigned char, 16>;

/// "GPU-8f1b2c3d-…" or "MIG-…", as nvidia-smi -L prints them.
std::string uuid_text(UuidBytes const& bytes, bool is_slice);

/// Asks the driver, which must be started, by its CUDA ordinal. The driver of before CUDA 11.4 knows no slices'
/// own, and a process without a driver nothing: nullopt.
std::optional<std::string> driver_uuid(int ordinal);

}  // namespace muster::topology
