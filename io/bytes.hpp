// Little-endian records: written field by field, read back with every length checked first.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace muster::io {

class ByteWriter {
 public:
  void u32(std::uint32_t value) { put(value, 4); }
  void u64(std::uint64_t value) { put(value, 8); }
  void raw(std::string_view bytes) { bytes_ += bytes; }
  void text(std::string_view bytes) {
    u64(bytes.size());
    raw(bytes);
  }
  /// Of i64, 8 bytes each.
  void words(std::span<std::int64_t const> values) {
    if constexpr (std::endian::native == std::endian::little) {
      bytes_.append(reinterpret_cast<char const*>(values.data()), values.size_bytes());
    } else {
      for (std::int64_t const value : values) u64(static_cast<std::uint64_t>(value));
    }
  }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  /// A u64 that was written before, at that byte.
  void replace_u64(std::size_t at, std::uint64_t value) {
    for (std::size_t i = 0; i < 8; ++i) bytes_[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
  }
  std::string& bytes() { return bytes_; }

 private:
  void put(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
  }
  std::string bytes_;
};

/// After a read past the end every read gives zeros and is_good() is false: check once, at the end
/// or before an allocation.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  std::uint32_t u32() { return static_cast<std::uint32_t>(get(4)); }
  std::uint64_t u64() { return get(8); }
  std::string_view raw(std::uint64_t size) {
    if (size > rest_.size()) {
      is_good_ = false;
      rest_ = {};
      return {};
    }
    auto const bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::string text() { return std::string(raw(u64())); }
  /// A count of records of at least `record_bytes` each, which must still be there.
  std::uint64_t count(std::uint64_t record_bytes) {
    std::uint64_t const records = u64();
    if (records <= rest_.size() / record_bytes) return records;
    is_good_ = false;
    return 0;
  }
  void words(std::span<std::int64_t> to) {
    if constexpr (std::endian::native == std::endian::little) {
      auto const bytes = raw(8 * to.size());
      if (!bytes.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
    } else {
      for (std::int64_t& value : to) value = static_cast<std::int64_t>(u64());
    }
  }
  bool is_good() const { return is_good_; }
  std::size_t left() const { return rest_.size(); }

 private:
  std::uint64_t get(std::size_t size) {
    auto const bytes = raw(size);
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  std::string_view rest_;
  bool is_good_ = true;
};

}  // namespace muster::io
