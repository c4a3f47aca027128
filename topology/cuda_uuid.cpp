#include "topology/cuda_uuid.hpp"

#include <dlfcn.h>
#include <fmt/core.h>

namespace muster::topology {
namespace {

// The driver's ABI, declared here so that a build needs no cuda.h.
using Status = int;
using Device = int;
using GetDevice = Status (*)(Device*, int);
using GetUuid = Status (*)(UuidBytes*, Device);

/// libcuda while it is open; the runtime keeps it loaded.
class Driver {
 public:
  Driver() : handle_(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {}
  Driver(Driver const&) = delete;
  Driver& operator=(Driver const&) = delete;
  ~Driver() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  template <class Function>
  Function find(char const* name) const {
    return handle_ == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(handle_, name));
  }

 private:
  void* handle_;
};

std::optional<UuidBytes> uuid_by(GetUuid get, Device device) {
  UuidBytes bytes{};
  return get != nullptr && get(&bytes, device) == 0 ? std::optional(bytes) : std::nullopt;
}

}  // namespace

std::string uuid_text(UuidBytes const& bytes, bool is_slice) {
  std::string text = is_slice ? "MIG-" : "GPU-";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

std::optional<std::string> driver_uuid(int ordinal) {
  Driver const driver;
  auto const get_device = driver.find<GetDevice>("cuDeviceGet");
  Device device = 0;
  if (get_device == nullptr || get_device(&device, ordinal) != 0) return std::nullopt;
  auto const own = uuid_by(driver.find<GetUuid>("cuDeviceGetUuid_v2"), device);
  if (!own) return std::nullopt;
  // The first version gives a slice its card's.
  auto const card = uuid_by(driver.find<GetUuid>("cuDeviceGetUuid"), device);
  return uuid_text(*own, card && *card != *own);
}

}  // namespace muster::topology
