#include "cli/csv.hpp"

#include <fmt/core.h>

#include <string>

#include "core/text.hpp"
#include "io/atomic_file.hpp"

namespace muster::cli {
namespace {

std::string csv_quoted(std::string const& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted_text = "\"";
  for (char const c : text) quoted_text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted_text + '"';
}

std::string cell(Column const& column, std::size_t row) {
  if (auto const* numbers = std::get_if<std::vector<double>>(&column.values)) return plain_number((*numbers)[row]);
  if (auto const* counts = std::get_if<std::vector<std::int64_t>>(&column.values))
    return std::to_string((*counts)[row]);
  return csv_quoted(std::get<std::vector<std::string>>(column.values)[row]);
}

std::size_t rows_of(Table const& table) {
  if (table.columns.empty()) return 0;
  return std::visit([](auto const& values) { return values.size(); }, table.columns.front().values);
}

}  // namespace

std::string to_csv(Table const& table) {
  std::string text;
  for (auto const& column : table.columns) {
    if (&column != &table.columns.front()) text += ',';
    bool const has_unit = !column.unit.empty() && column.unit != "1";
    text += csv_quoted(has_unit ? column.name + " [" + column.unit + "]" : column.name);
  }
  text += '\n';
  for (std::size_t row = 0; row < rows_of(table); ++row) {
    for (auto const& column : table.columns) {
      if (&column != &table.columns.front()) text += ',';
      text += cell(column, row);
    }
    text += '\n';
  }
  return text;
}

std::vector<std::filesystem::path> write_csv(std::vector<Table> const& tables, std::filesystem::path const& path) {
  std::vector<std::filesystem::path> written;
  for (auto const& table : tables) {
    auto target = path;
    if (!written.empty()) target.replace_filename(path.stem().string() + "." + table.name + path.extension().string());
    io::write_file(target, to_csv(table));
    written.push_back(target);
  }
  return written;
}

void export_csv(std::vector<Table> const& tables, std::filesystem::path const& path, std::string& text, Value& json) {
  if (path.empty()) return;
  Value::Array files;
  for (auto const& file : write_csv(tables, path)) {
    text += fmt::format("csv      {}\n", file.string());
    files.emplace_back(file.string());
  }
  json.set("csv", std::move(files));
}

}  // namespace muster::cli
