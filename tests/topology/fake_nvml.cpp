// Stands in for libnvidia-ml.so.1 and serves a fixture; what it answers is set by environment variables at
// each start.
//   FAKE_NVML_FIXTURE    the folder to serve; unset: no cards
//   FAKE_NVML_BROKEN     nvmlInit_v2 fails
//   FAKE_NVML_LOST       index of a card that is lost
//   FAKE_NVML_FORBIDDEN  index of a card that is not permitted
//   FAKE_NVML_LACKS      functions (names with a blank between) that answer "not supported"
// Built twice: with FAKE_NVML_OLD it has only what the library of 2014 had.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "topology/cards.hpp"
#include "topology/facts_io.hpp"
#include "topology/nvml_abi.hpp"

using namespace muster::topology;

namespace {

/// A whole card; `devices` are the places of it or of its slices among the fixture's GPUs.
struct FakeCard {
  std::vector<std::size_t> devices;
  bool is_cut = false;
};

struct FakeState {
  Facts machine;
  std::vector<FakeCard> cards;
};
FakeState state;

// Handles: a card's place + 1, and a slice's place in the fixture + 10000.
std::uintptr_t number_of(void* device) { return reinterpret_cast<std::uintptr_t>(device); }
void* handle_of(std::size_t number) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)); }
bool is_slice(void* device) { return number_of(device) >= 10'000; }
FakeCard const& card_of(void* device) { return state.cards[number_of(device) - 1]; }
Gpu const& gpu_of(void* device) {
  return state.machine.gpus[is_slice(device) ? number_of(device) - 10'000 : card_of(device).devices.front()];
}

Link link_of(void* a, void* b) {
  return link_between(state.machine, card_of(a).devices.front(), card_of(b).devices.front());
}

bool lacks(char const* function) {
  char const* const list = std::getenv("FAKE_NVML_LACKS");
  return list != nullptr && (" " + std::string(list) + " ").find(" " + std::string(function) + " ") != std::string::npos;
}

bool is_index(char const* variable, unsigned index) {
  char const* const text = std::getenv(variable);
  return text != nullptr && std::to_string(index) == text;
}

void load() {
  state = {};
  char const* const folder = std::getenv("FAKE_NVML_FIXTURE");
  if (folder == nullptr) return;
  state.machine = read_machines(folder).nodes.front().machine;
  for (std::size_t i = 0; i < state.machine.gpus.size(); ++i) {
    auto const& gpu = state.machine.gpus[i];
    bool const continues = i > 0 && gpu.mig == Mig::slice &&
                           state.machine.gpus[i - 1].pci_address == gpu.pci_address;
    if (!continues) state.cards.push_back({{}, gpu.mig == Mig::slice});
    state.cards.back().devices.push_back(i);
  }
}

std::string card_name(void* device) {
  auto const& name = gpu_of(device).name;
  return is_slice(device) ? name : name.substr(0, name.find(" MIG"));
}

int put(std::string const& text, char* out, unsigned length) {
  if (text.empty()) return nvml::not_supported;
  std::strncpy(out, text.c_str(), length);
  return nvml::success;
}

/// Where link number `link` of a card goes: to a switch, or to the card whose handle is set.
struct FakeEnd {
  bool is_active = false;
  bool is_switch = false;
  void* other = nullptr;
};
FakeEnd end_of(void* device, unsigned link) {
  std::vector<FakeEnd> ends;
  auto const* const known = find_card(card_name(device));
  for (std::size_t other = 1; other <= state.cards.size(); ++other) {
    if (other == number_of(device)) continue;
    auto const to = link_of(device, handle_of(other));
    bool const is_switched = known != nullptr && known->fabric == Fabric::switched;
    if (to.kind != LinkKind::nvlink || (is_switched && !ends.empty())) continue;
    ends.insert(ends.end(), static_cast<std::size_t>(to.nvlinks), {true, is_switched, handle_of(other)});
  }
  return link < ends.size() ? ends[link] : FakeEnd{};
}

}  // namespace

#define FAKE_START(function) \
  if (lacks(function)) return nvml::not_supported

extern "C" {

int nvmlInit_v2() {
  if (std::getenv("FAKE_NVML_BROKEN") != nullptr) return nvml::driver_not_loaded;
  load();
  return nvml::success;
}
int nvmlShutdown() { return nvml::success; }
int nvmlSystemGetDriverVersion(char* text, unsigned length) { return put(state.machine.driver_version, text, length); }
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(state.cards.size());
  return nvml::success;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (is_index("FAKE_NVML_LOST", index)) return nvml::gpu_is_lost;
  if (is_index("FAKE_NVML_FORBIDDEN", index)) return nvml::no_permission;
  *device = handle_of(index + 1);
  return nvml::success;
}
int nvmlDeviceGetName(void* device, char* text, unsigned length) { return put(card_name(device), text, length); }
int nvmlDeviceGetPciInfo_v3(void* device, nvml::Pci* pci) {
  auto const& address = gpu_of(device).pci_address;
  return put("0000" + address, pci->bus_id, sizeof pci->bus_id);
}
int nvmlDeviceGetMemoryInfo(void* device, nvml::Memory* memory) {
  FAKE_START("nvmlDeviceGetMemoryInfo");
  unsigned long long const total = gpu_of(device).memory_bytes, free = gpu_of(device).free_bytes;
  *memory = {total, free, total - free};
  return nvml::success;
}

#ifndef FAKE_NVML_OLD
int nvmlDeviceGetHandleByPciBusId_v2(char const* address, void** device) {
  for (std::size_t card = 1; card <= state.cards.size(); ++card)
    if (gpu_of(handle_of(card)).pci_address == address) {
      *device = handle_of(card);
      return nvml::success;
    }
  return nvml::not_found;
}
/// This process holds what is not free, and another one a byte.
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, nvml::Process* processes) {
  FAKE_START("nvmlDeviceGetComputeRunningProcesses_v3");
  auto const& gpu = gpu_of(device);
  processes[0] = {1, 1, 0, 0};
  processes[1] = {static_cast<unsigned>(getpid()), gpu.memory_bytes - gpu.free_bytes, 0, 0};
  if (lacks("used_bytes")) processes[1].used_bytes = nvml::not_available;
  *count = lacks("pid") ? 1 : 2;
  return nvml::success;
}
int nvmlDeviceGetUUID(void* device, char* text, unsigned length) {
  if (!is_slice(device) && card_of(device).is_cut) return put("GPU-of-the-slices", text, length);
  return put(gpu_of(device).uuid, text, length);
}
int nvmlDeviceGetNvLinkState(void* device, unsigned link, unsigned* active) {
  FAKE_START("nvmlDeviceGetNvLinkState");
  if (link >= nvml::most_nvlinks) return nvml::invalid_argument;
  *active = end_of(device, link).is_active ? 1 : 0;
  return nvml::success;
}
int nvmlDeviceGetNvLinkRemoteDeviceType(void* device, unsigned link, int* type) {
  FAKE_START("nvmlDeviceGetNvLinkRemoteDeviceType");
  *type = end_of(device, link).is_switch ? nvml::remote_is_switch : 0;
  return nvml::success;
}
int nvmlDeviceGetNvLinkRemotePciInfo_v2(void* device, unsigned link, nvml::Pci* pci) {
  auto const end = end_of(device, link);
  return end.other == nullptr ? nvml::invalid_argument : nvmlDeviceGetPciInfo_v3(end.other, pci);
}
int nvmlDeviceGetTopologyCommonAncestor(void* a, void* b, int* level) {
  FAKE_START("nvmlDeviceGetTopologyCommonAncestor");
  switch (link_of(a, b).kind) {
    case LinkKind::pcie_switch: *level = nvml::level_single; break;
    case LinkKind::pcie_switches: *level = nvml::level_multiple; break;
    case LinkKind::host_bridge: *level = nvml::level_host_bridge; break;
    case LinkKind::node: *level = nvml::level_node; break;
    case LinkKind::unknown: return nvml::not_supported;
    default: *level = nvml::level_system;
  }
  return nvml::success;
}
int nvmlDeviceGetP2PStatus(void* a, void* b, int, int* status) {
  auto const peer = link_of(a, b).peer;
  *status = peer == Peer::yes ? nvml::p2p_ok : peer == Peer::no ? 1 : nvml::p2p_unknown;
  return nvml::success;
}
int nvmlDeviceGetMemoryAffinity(void* device, unsigned, unsigned long* nodes, int) {
  if (gpu_of(device).numa < 0) return nvml::not_supported;
  nodes[0] = 1UL << gpu_of(device).numa;
  return nvml::success;
}
int nvmlDeviceGetMaxClockInfo(void* device, int, unsigned* clock) {
  *clock = static_cast<unsigned>(gpu_of(device).clock_mhz);
  return *clock == 0 ? nvml::not_supported : nvml::success;
}
int nvmlDeviceGetCudaComputeCapability(void* device, int* major, int* minor) {
  *major = gpu_of(device).capability_major;
  *minor = gpu_of(device).capability_minor;
  return nvml::success;
}
int nvmlDeviceGetEccMode(void* device, unsigned* current, unsigned* pending) {
  if (gpu_of(device).ecc == Ecc::unknown) return nvml::not_supported;
  *current = *pending = gpu_of(device).ecc == Ecc::on ? 1 : 0;
  return nvml::success;
}
int nvmlDeviceGetMigMode(void* device, unsigned* current, unsigned* pending) {
  if (gpu_of(device).mig == Mig::unknown) return nvml::not_supported;
  *current = *pending = card_of(device).is_cut ? 1 : 0;
  return nvml::success;
}
int nvmlDeviceGetMaxMigDeviceCount(void* device, unsigned* count) {
  *count = card_of(device).is_cut ? 7 : 0;
  return nvml::success;
}
int nvmlDeviceGetMigDeviceHandleByIndex(void* device, unsigned index, void** slice) {
  if (index >= card_of(device).devices.size()) return nvml::not_found;
  *slice = handle_of(card_of(device).devices[index] + 10'000);
  return nvml::success;
}
int nvmlDeviceGetAttributes_v2(void* device, nvml::Attributes* attributes) {
  if (!is_slice(device)) return nvml::not_supported;
  attributes->multiprocessors = static_cast<unsigned>(gpu_of(device).multiprocessors);
  return nvml::success;
}
#endif
}
