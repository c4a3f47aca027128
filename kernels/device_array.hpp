// 64-bit integers in the memory of a GPU, for those who check a GPU or sum over several.
#pragma once

#include <cstddef>
#include <cstdint>

namespace muster::kernels {

/// Owns the memory. Every function throws Error (Exit::environment) naming the GPU, also in a build
/// without CUDA.
class DeviceArray {
 public:
  /// `ordinal`: a CUDA device of this process.
  DeviceArray(int ordinal, std::size_t count);
  DeviceArray(DeviceArray const&) = delete;
  DeviceArray& operator=(DeviceArray const&) = delete;
  ~DeviceArray();

  int ordinal() const { return ordinal_; }
  std::size_t count() const { return count_; }
  std::size_t bytes() const { return count_ * sizeof(std::int64_t); }
  std::int64_t* data() { return static_cast<std::int64_t*>(memory_); }
  /// By a kernel: fails where this build has no code for the card.
  void fill(std::int64_t value);
  std::int64_t at(std::size_t index) const;

  struct Copy {
    double bytes_per_s = 0;  ///< copied, not read plus written
    bool is_direct = true;   ///< false: through the host's memory
  };
  /// Copies all of `source` here, a few times; the best rate. Both have the same count.
  Copy copy_from(DeviceArray const& source);

 private:
  int ordinal_;
  std::size_t count_;
  void* memory_ = nullptr;
};

}  // namespace muster::kernels
