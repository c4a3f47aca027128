#include "kernels/device_array.hpp"

#include "core/error.hpp"
#include "kernels/cuda_memory.hpp"

namespace muster::kernels {
namespace {

void require_gpu(char const* error, int ordinal, char const* action) {
  MUSTER_REQUIRE_ENV(error == nullptr, "GPU {}: {} when asked to {} (jobs cannot use it); check nvidia-smi, or use "
                     "--device cpu", ordinal, error, action);
}

}  // namespace

DeviceArray::DeviceArray(int ordinal, std::size_t count) : ordinal_(ordinal), count_(count) {
  require_gpu(allocate_on_gpu(ordinal_, bytes(), &memory_), ordinal_, "give memory");
}

DeviceArray::~DeviceArray() { free_on_gpu(ordinal_, memory_); }

void DeviceArray::fill(std::int64_t value) {
  require_gpu(fill_on_gpu(ordinal_, memory_, count_, value), ordinal_, "run a kernel");
}

std::int64_t DeviceArray::at(std::size_t index) const {
  MUSTER_ASSERT(index < count_, "element {} of {}", index, count_);
  std::int64_t value = 0;
  require_gpu(read_from_gpu(ordinal_, static_cast<std::int64_t const*>(memory_) + index, &value, sizeof value), ordinal_,
              "read its memory");
  return value;
}

DeviceArray::Copy DeviceArray::copy_from(DeviceArray const& source) {
  MUSTER_ASSERT(source.count_ == count_, "{} values into {}", source.count_, count_);
  double seconds = 0;
  Copy copy;
  require_gpu(time_gpu_copy(ordinal_, memory_, source.ordinal_, source.memory_, bytes(), &seconds, &copy.is_direct),
              ordinal_, "copy memory");
  copy.bytes_per_s = seconds > 0 ? static_cast<double>(bytes()) / seconds : 0;
  return copy;
}

}  // namespace muster::kernels
