// Stands in for libcuda.so.1: device 0 is a card, device 1 a slice of it. FAKE_CUDA_OLD=1: a driver that does not
// know the slices' own UUIDs.
#include <cstdlib>
#include <cstring>

extern "C" {

int cuDeviceGet(int* device, int ordinal) {
  if (ordinal > 1) return 101;
  *device = ordinal;
  return 0;
}
int cuDeviceGetUuid(unsigned char* bytes, int) {
  std::memset(bytes, 0xab, 16);
  return 0;
}
int cuDeviceGetUuid_v2(unsigned char* bytes, int device) {
  if (std::getenv("FAKE_CUDA_OLD") != nullptr) return 801;
  std::memset(bytes, device == 1 ? 0x1f : 0xab, 16);
  return 0;
}
}
