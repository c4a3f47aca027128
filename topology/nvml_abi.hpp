// The part of NVML's ABI that is used, declared here so that a build needs no nvml.h; a test compares it
// with nvml.h where one is installed. Functions with a version in their name are frozen by NVIDIA.
#pragma once

namespace muster::topology::nvml {

using Device = void*;
using Status = int;

inline constexpr Status success = 0;
inline constexpr Status invalid_argument = 2;
inline constexpr Status not_supported = 3;
inline constexpr Status no_permission = 4;
inline constexpr Status not_found = 6;
inline constexpr Status driver_not_loaded = 9;
inline constexpr Status function_not_found = 13;
inline constexpr Status gpu_is_lost = 15;

struct Memory {
  unsigned long long total, free, used;
};
struct Pci {
  char legacy_bus_id[16];
  unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
  char bus_id[32];
};
/// Of a MIG slice.
struct Attributes {
  unsigned multiprocessors, copy_engines, decoders, encoders, jpegs, ofas, gpu_slices, compute_slices;
  unsigned long long memory_mb;
};
/// A process that computes on a card.
struct Process {
  unsigned id;
  unsigned long long used_bytes;
  unsigned gpu_instance, compute_instance;
};
inline constexpr unsigned long long not_available = ~0ULL;

inline constexpr unsigned most_nvlinks = 18;
inline constexpr unsigned feature_enabled = 1;
inline constexpr int clock_sm = 1;
inline constexpr int p2p_read = 0;
inline constexpr int p2p_ok = 0;
inline constexpr int p2p_unknown = 6;
inline constexpr int affinity_of_node = 0;
inline constexpr int remote_is_switch = 2;

// nvmlGpuTopologyLevel_t
inline constexpr int level_internal = 0;
inline constexpr int level_single = 10;
inline constexpr int level_multiple = 20;
inline constexpr int level_host_bridge = 30;
inline constexpr int level_node = 40;
inline constexpr int level_system = 50;

}  // namespace muster::topology::nvml
