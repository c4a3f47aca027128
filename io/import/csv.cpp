#include "io/import/csv.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace muster::io {
namespace {

constexpr std::size_t read_bytes = std::size_t{1} << 16;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

CsvReader::CsvReader(TextSource& source, CsvLimits limits) : source_(source), limits_(limits) {
  check_encoding();
}

void CsvReader::fill() {
  buffer_.erase(0, used_);
  used_ = 0;
  std::size_t const size = buffer_.size();
  buffer_.resize(size + read_bytes);
  std::size_t const got = source_.read({buffer_.data() + size, read_bytes});
  buffer_.resize(size + got);
  ended_ = got == 0;
}

void CsvReader::check_encoding() {
  while (!ended_ && buffer_.size() < 3) fill();
  MUSTER_REQUIRE(!buffer_.starts_with("\xff\xfe") && !buffer_.starts_with("\xfe\xff"),
                 "{}: is UTF-16 text (only UTF-8 and ASCII are read); save it as UTF-8",
                 source_.name());
  if (buffer_.starts_with("\xef\xbb\xbf")) used_ = 3;
}

// Appends one physical line, with its line feed, to record_.
bool CsvReader::next_line() {
  std::size_t scanned = used_;
  for (;;) {
    char const* const found = static_cast<char const*>(
        std::memchr(buffer_.data() + scanned, '\n', buffer_.size() - scanned));
    bool const has_line = found != nullptr || (ended_ && used_ < buffer_.size());
    std::size_t const end =
        found != nullptr ? static_cast<std::size_t>(found - buffer_.data()) + 1 : buffer_.size();
    MUSTER_REQUIRE(record_.size() + (end - used_) <= limits_.record_bytes,
                   "{}:{}: the row is longer than {} bytes (an unclosed quote, or no text file); "
                   "correct the file",
                   source_.name(), line_ + 1, limits_.record_bytes);
    if (has_line) {
      std::string_view const line(buffer_.data() + used_, end - used_);
      ++line_;
      MUSTER_REQUIRE(line.find('\0') == std::string_view::npos,
                     "{}:{}: has a NUL byte (this is no text file); name a CSV or JSON file",
                     source_.name(), line_);
      MUSTER_REQUIRE(line_ <= limits_.lines,
                     "{}: has more than {} lines (the limit for one input); split it",
                     source_.name(), limits_.lines);
      record_ += line;
      used_ = end;
      return true;
    }
    if (ended_) return false;
    scanned = buffer_.size() - used_;
    fill();
  }
}

// Quoted text from `at` on, into unquoted_, up to the closing quote (true) or the end of record_.
bool CsvReader::take_quoted(std::size_t& at) {
  for (; at < record_.size(); ++at) {
    if (record_[at] == '"') {
      if (at + 1 >= record_.size() || record_[at + 1] != '"') {
        ++at;
        return true;
      }
      ++at;
    }
    unquoted_ += record_[at];
  }
  return false;
}

bool CsvReader::next(CsvRecord& record) {
  record.fields.clear();
  record_.clear();
  record.line = line_ + 1;
  if (!next_line()) return false;

  // Spans into unquoted_, made into views once it has stopped growing.
  std::vector<std::pair<std::size_t, std::size_t>> spans;
  unquoted_.clear();
  std::size_t at = 0;
  for (;;) {
    std::size_t const begin = unquoted_.size();
    std::size_t first = at;
    while (first < record_.size() && (record_[first] == ' ' || record_[first] == '\t')) ++first;
    if (first < record_.size() && record_[first] == '"') {
      at = first + 1;
      while (!take_quoted(at))
        MUSTER_REQUIRE(
            next_line(),
            "{}:{}: a quote opens here and never closes (rows after it are lost); close it",
            source_.name(), record.line);
    }
    std::size_t const end = std::min(record_.find_first_of(",\n", at), record_.size());
    unquoted_.append(record_, at, end - at);
    if (end + 1 >= record_.size() || record_[end] == '\n')
      while (unquoted_.size() > begin && unquoted_.back() == '\r') unquoted_.pop_back();
    spans.emplace_back(begin, unquoted_.size() - begin);
    MUSTER_REQUIRE(spans.size() <= limits_.fields,
                   "{}:{}: has more than {} fields (this is no table); correct the row",
                   source_.name(), record.line, limits_.fields);
    if (end >= record_.size() || record_[end] == '\n') break;
    at = end + 1;
  }
  for (auto const& [begin, size] : spans)
    record.fields.push_back(trim(std::string_view(unquoted_).substr(begin, size)));
  if (record.fields.size() == 1 && record.fields[0].empty()) record.fields.clear();
  return true;
}

std::string join_csv(std::vector<std::string_view> const& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    if (fields[i].find_first_of(",\"\n") == std::string_view::npos) {
      line += fields[i];
      continue;
    }
    line += '"';
    for (char c : fields[i]) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line;
}

}  // namespace muster::io
