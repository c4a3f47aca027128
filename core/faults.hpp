// Faults of an input, collected and reported all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

/// Where in an input something stands. `source` (a file, or `--set a.b`) must outlive the place.
struct Place {
  std::string_view source;
  std::uint32_t line = 0;    ///< from 1; 0: the source as a whole
  std::uint32_t column = 0;  ///< from 1; 0: the line as a whole
};

/// `file:line:col`, as much of it as is known.
std::string to_text(Place const& place);

/// Collects faults; each is one line `file:line:col: key: problem (why); what to do`.
class Faults {
 public:
  /// `key` is the full name, e.g. `market.asset.0.spot`; empty when no key is concerned.
  void add(Place const& place, std::string_view key, std::string_view message);
  bool empty() const { return lines_.empty(); }
  std::size_t size() const { return lines_.size(); }
  /// Throws one Error (Exit::user) with a line a fault, in the order of the file (the first 50 and
  /// the number of the others), if there is any.
  void throw_if_any() const;

 private:
  struct Line {
    std::string source;
    std::uint32_t line, column;
    std::string text;
  };
  std::vector<Line> lines_;
  std::size_t dropped_ = 0;
};

}  // namespace muster
