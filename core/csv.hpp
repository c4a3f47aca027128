// CSV as RFC 4180 has it: quoted cells, CRLF or LF, a header line; lines kept for messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/faults.hpp"

namespace muster {

/// One cell: its text with the quotes taken off and blanks at both ends trimmed.
struct CsvCell {
  std::string text;
  std::uint32_t line = 0;    ///< from 1
  std::uint32_t column = 0;  ///< byte in the line, from 1
};

/// Reads rows one after another out of a text that outlives it; nothing is copied but one row.
class CsvReader {
 public:
  static constexpr std::size_t limit_cells = 1024;
  static constexpr std::size_t limit_cell_bytes = std::size_t{1} << 20;

  CsvReader(std::string_view text, std::string_view file);
  /// The next row that is neither empty nor a comment (`#`), in `cells`; false at the end. Throws
  /// Error (Exit::user) at an unclosed quote, text after a closing quote, a NUL byte, or a row or
  /// cell over the limits.
  bool next(std::vector<CsvCell>& cells);

 private:
  void take_cell(std::vector<CsvCell>& cells);
  void take_quoted(CsvCell& cell);
  [[noreturn]] void refuse(std::string_view problem) const;

  std::string_view text_, file_;
  std::size_t at_ = 0, line_begin_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace muster
