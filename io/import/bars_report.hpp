// What an import of bars did with every row, for people and scripts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muster::io {

/// Rows of one kind.
struct RowNotes {
  std::size_t count = 0;
  std::vector<std::string> examples;  ///< the first few, with file and line
};

struct SymbolReport {
  std::string symbol;
  std::string first, last;  ///< times of its first and last bar
  std::size_t bars = 0;
  std::size_t missing = 0;  ///< between them
  std::size_t splits = 0, dividends = 0, flags = 0;
};

struct BarsReport {
  std::size_t rows_read = 0;
  std::size_t rows_left_out = 0;            ///< other symbols or times than asked for
  std::map<std::string, RowNotes> dropped;  ///< by reason
  std::map<std::string, RowNotes> mended;   ///< by what was done
  std::size_t sessions_missing = 0;         ///< of the calendar, between first and last bar
  std::vector<std::string> first_missing;
  std::vector<SymbolReport> symbols;
  std::map<std::string, std::size_t> flags;  ///< by reason
  std::vector<std::string> notes;            ///< what was assumed and why, one sentence each

  /// Counts a row and keeps the first three texts.
  static void note(std::map<std::string, RowNotes>& notes, std::string_view reason,
                   std::string const& text);
};

}  // namespace muster::io
