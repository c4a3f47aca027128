// Bytes of a message: little-endian fields appended one after the other, read with every bound
// checked.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/error.hpp"

namespace muster::worker {

static_assert(std::endian::native == std::endian::little,
              "messages are the memory of little-endian machines; swap bytes here for others");

using Bytes = std::vector<std::byte>;

template <class T>
concept WireScalar = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

class WireWriter {
 public:
  explicit WireWriter(Bytes bytes = {}) : bytes_(std::move(bytes)) {}
  template <WireScalar T>
  void put(T value) {
    put_array(std::span<T const>(&value, 1));
  }
  /// Values alone; the reader must know how many.
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put_array(std::span<T const> values) {
    if (values.empty()) return;
    std::size_t const at = bytes_.size();
    bytes_.resize(at + values.size_bytes());
    std::memcpy(bytes_.data() + at, values.data(), values.size_bytes());
  }
  /// Length, 64 bits, then the characters.
  void put_text(std::string_view text) {
    put<std::uint64_t>(text.size());
    put_array(std::span<char const>(text));
  }
  Bytes take() { return std::move(bytes_); }
  Bytes& bytes() { return bytes_; }

 private:
  Bytes bytes_;
};

/// Throws Error (Exit::bug) when a field reaches past the end: nothing is allocated before that
/// check.
class WireReader {
 public:
  explicit WireReader(std::span<std::byte const> bytes) : bytes_(bytes) {}
  template <WireScalar T>
  T get() {
    T value;
    std::memcpy(&value, take(1, sizeof(T)), sizeof(T));
    return value;
  }
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void get_array(std::vector<T>& out, std::uint64_t count) {
    std::byte const* from = take(count, sizeof(T));
    out.resize(count);
    if (count > 0) std::memcpy(out.data(), from, count * sizeof(T));
  }
  std::string get_text() {
    auto const length = get<std::uint64_t>();
    std::byte const* from = take(length, 1);
    return std::string(reinterpret_cast<char const*>(from), length);
  }
  std::size_t left() const { return bytes_.size() - at_; }

 private:
  std::byte const* take(std::uint64_t count, std::size_t size) {
    if (count > left() / size)
      throw_error(Exit::bug,
                  "a message ends after {} bytes inside a field of {} x {} bytes (it was cut short "
                  "or is not "
                  "muster's); please report it with both ranks' logs",
                  bytes_.size(), count, size);
    std::byte const* from = bytes_.data() + at_;
    at_ += count * size;
    return from;
  }

  std::span<std::byte const> bytes_;
  std::size_t at_ = 0;
};

}  // namespace muster::worker
