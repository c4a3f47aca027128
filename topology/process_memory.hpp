// How much of a GPU this process holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace muster::topology {

/// As nvidia-smi shows it, by the card's address "0000:1b:00.0"; nullopt where NVML is missing, does not tell (MIG,
/// rights) or knows the process by another number (containers).
std::optional<std::uint64_t> process_bytes_on(std::string const& pci_address);
/// The same of a CUDA device of this process; nullopt in a build without CUDA too.
std::optional<std::uint64_t> process_device_bytes(int ordinal);

}  // namespace muster::topology
