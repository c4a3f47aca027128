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
  void put(std::uint64_t word) { words_.push_back(word_of(word)); }
  void put(std::int64_t word) { words_.push_back(word_of(word)); }
  void put(double value) { words_.push_back(word_of(value)); }
  template <class T>
  void put_all(std::vector<T> const& values) {
    put(std::uint64_t{values.size()});
    std::size_t const first = words_.size();
    words_.resize(first + values.size());
    for (std::size_t i = 0; i < values.size(); ++i) words_[first + i] = word_of(values[i]);
  }
  Slots take() { return std::move(words_); }

 private:
  static std::int64_t word_of(std::uint64_t word) { return static_cast<std::int64_t>(word); }
  static std::int64_t word_of(std::int64_t word) { return word; }
  static std::int64_t word_of(double value) { return std::bit_cast<std::int64_t>(value); }

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
