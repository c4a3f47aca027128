#include "core/csv.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

namespace muster {

CsvReader::CsvReader(std::string_view text, std::string_view file) : text_(text), file_(file) {
  if (text_.starts_with("\xef\xbb\xbf"))
    text_.remove_prefix(3);  // spreadsheets write a byte order mark
}

void CsvReader::refuse(std::string_view problem) const {
  throw_error(Exit::user, "{}: {}",
              to_text({file_, line_, static_cast<std::uint32_t>(at_ - line_begin_ + 1)}), problem);
}

bool CsvReader::next(std::vector<CsvCell>& cells) {
  while (at_ < text_.size()) {
    cells.clear();
    bool const is_comment = text_[at_] == '#';
    if (is_comment) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      take_cell(cells);
      while (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        if (cells.size() >= limit_cells)
          refuse("over 1024 cells in a row (no table needs it); check the file");
        take_cell(cells);
      }
    }
    // Here is a line end or the end of the text.
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') {
      ++at_;
      ++line_;
      line_begin_ = at_;
    }
    if (!is_comment && (cells.size() > 1 || !cells[0].text.empty())) return true;
  }
  return false;
}

void CsvReader::take_cell(std::vector<CsvCell>& cells) {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  CsvCell& cell = cells.emplace_back();
  cell.line = line_;
  cell.column = static_cast<std::uint32_t>(at_ - line_begin_ + 1);
  if (at_ < text_.size() && text_[at_] == '"') {
    take_quoted(cell);
  } else {
    std::size_t end = at_;
    // A lone carriage return (old Mac files) ends a line too.
    while (end < text_.size() && text_[end] != ',' && text_[end] != '\n' && text_[end] != '\r')
      ++end;
    cell.text = trimmed(text_.substr(at_, end - at_));
    at_ = end;
  }
  if (cell.text.find('\0') != std::string::npos)
    refuse("a NUL byte (it is no text file); give a CSV file");
  if (cell.text.size() > limit_cell_bytes)
    refuse("a cell over 1 MiB (no table needs it); check for a stray quote");
}

void CsvReader::take_quoted(CsvCell& cell) {
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '"') {
      if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        ++at_;  // a doubled quote is a quote
      } else {
        ++at_;
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r')
          refuse(
              "text after a closing quote (the cell's end is unclear); double quotes inside a "
              "quoted cell");
        return;
      }
    } else if (text_[at_] == '\n') {
      ++line_;
      line_begin_ = at_ + 1;
    }
    cell.text += text_[at_];
    if (cell.text.size() > limit_cell_bytes)
      refuse("a cell over 1 MiB (no table needs it); check for a stray quote");
  }
  refuse("the text ends inside a quoted cell (a quote is missing); close it");
}

}  // namespace muster
