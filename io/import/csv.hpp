// CSV records from a text source: RFC 4180 quotes, LF or CRLF, an optional UTF-8 byte order mark.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/import/text_source.hpp"

namespace muster::io {

struct CsvLimits {
  std::size_t record_bytes = std::size_t{1} << 20;
  std::size_t fields = 4096;
  std::uint64_t lines = 50'000'000;
};

struct CsvRecord {
  /// Unquoted and without surrounding blanks; empty for a blank line. Valid until the next record.
  std::vector<std::string_view> fields;
  std::uint64_t line = 0;  ///< 1-based line of the file on which the record begins
};

class CsvReader {
 public:
  explicit CsvReader(TextSource& source, CsvLimits limits = {});
  /// The next record; false at the end. Throws Error (Exit::user) with file and line for a quote
  /// that never closes, NUL bytes, UTF-16 text, and what exceeds the limits.
  bool next(CsvRecord& record);
  TextSource const& source() const { return source_; }

 private:
  bool next_line();
  bool take_quoted(std::size_t& at);
  void fill();
  void check_encoding();

  TextSource& source_;
  CsvLimits limits_;
  std::string buffer_;
  std::size_t used_ = 0;
  bool ended_ = false;
  std::uint64_t line_ = 0;
  std::string record_;    ///< the physical lines of this record
  std::string unquoted_;  ///< storage of the fields' text
};

/// Fields as one line again, quoted where needed.
std::string join_csv(std::vector<std::string_view> const& fields);

}  // namespace muster::io
