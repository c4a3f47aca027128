// What is carried as 64-bit words, written and read in one order.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "core/error.hpp"
#include "core/tile.hpp"

namespace muster::jobs::evolve {

/// Words of a carry, in order.
class WordWriter {
 public:
  void put(std::uint64_t word) { words_.push_back(static_cast<std::int64_t>(word)); }
  void put(std::int64_t word) { words_.push_back(word); }
  void put(double value) { words_.push_back(std::bit_cast<std::int64_t>(value)); }
  template <class T>
  void put_all(std::vector<T> const& values) {
    put(std::uint64_t{values.size()});
    words_.reserve(words_.size() + values.size());
    for (T const value : values) put(value);
  }
  Slots take() { return std::move(words_); }

 private:
  Slots words_;
};

[[noreturn]] inline void refuse_words(char const* what) {
  throw_error(Exit::user, "the saved generation {} (it is damaged, or of another job); start over with --fresh", what);
}

class WordReader {
 public:
  explicit WordReader(std::span<std::int64_t const> words) : words_(words) {}
  void get(std::int64_t& to) {
    if (words_.empty()) refuse_words("ends too early");
    to = words_.front();
    words_ = words_.subspan(1);
  }
  void get(std::uint64_t& to) {
    std::int64_t word = 0;
    get(word);
    to = static_cast<std::uint64_t>(word);
  }
  void get(double& to) {
    std::int64_t word = 0;
    get(word);
    to = std::bit_cast<double>(word);
  }
  /// A length, which the words left must have room for.
  std::size_t size() {
    std::uint64_t count = 0;
    get(count);
    if (count > words_.size()) refuse_words("has a length beyond its end");
    return count;
  }
  template <class T>
  void get_all(std::vector<T>& to) {
    to.resize(size());
    for (T& value : to) get(value);
  }
  bool is_at_end() const { return words_.empty(); }

 private:
  std::span<std::int64_t const> words_;
};

}  // namespace muster::jobs::evolve
