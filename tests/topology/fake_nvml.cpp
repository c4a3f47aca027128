// Stands in for libnvidia-ml.so.1: what it answers is set by environment variables at each call.
//   FAKE_NVML_GPUS   number of cards
//   FAKE_NVML_LOST   index of a card that gives no handle
//   FAKE_NVML_BROKEN nvmlInit_v2 fails
// nvmlDeviceGetUUID is left out on purpose: an older library lacks functions.
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

unsigned number(char const* variable, unsigned otherwise) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::atoi(text));
}

struct Memory {
  unsigned long long total, free, used;
};
struct Pci {
  char legacy[16];
  unsigned domain, bus, device, id, subsystem;
  char bus_id[32];
};

std::uintptr_t index_of(void* device) { return reinterpret_cast<std::uintptr_t>(device) - 1; }

}  // namespace

extern "C" {

int nvmlInit_v2() { return std::getenv("FAKE_NVML_BROKEN") != nullptr ? 9 : 0; }
int nvmlShutdown() { return 0; }
int nvmlSystemGetDriverVersion(char* text, unsigned length) {
  std::strncpy(text, "580.65.06", length);
  return 0;
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = number("FAKE_NVML_GPUS", 0);
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (index == number("FAKE_NVML_LOST", 1000)) return 15;  // NVML_ERROR_GPU_IS_LOST
  *device = reinterpret_cast<void*>(static_cast<std::uintptr_t>(index) + 1);
  return 0;
}
int nvmlDeviceGetName(void*, char* text, unsigned length) {
  std::strncpy(text, "NVIDIA H200", length);
  return 0;
}
int nvmlDeviceGetPciInfo_v3(void* device, Pci* pci) {
  std::strncpy(pci->bus_id, "00000000:1B:00.0", sizeof pci->bus_id);
  pci->bus_id[10] = static_cast<char>('A' + index_of(device));
  return 0;
}
int nvmlDeviceGetMemoryInfo(void*, Memory* memory) {
  *memory = {150754820096ULL, 150000000000ULL, 754820096ULL};
  return 0;
}
int nvmlDeviceGetNvLinkState(void*, unsigned link, unsigned* state) {
  if (link >= 18) return 2;  // NVML_ERROR_INVALID_ARGUMENT
  *state = 1;
  return 0;
}
}
