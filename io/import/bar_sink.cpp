#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/bars_rules.hpp"
#include "io/import/bar_rows.hpp"

namespace muster::io {
namespace {

constexpr std::size_t most_examples = 3;

std::string name_of_file(std::string const& path) {
  return std::filesystem::path(path).filename().string();
}

std::string upper_case(std::string_view text) {
  std::string big(text);
  for (char& c : big)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return big;
}

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

/// "20151224" or "2015-12-24" anywhere in a name.
std::optional<Date> date_in(std::string const& name) {
  for (std::size_t i = 0; i + 8 <= name.size(); ++i) {
    std::string_view const rest = std::string_view(name).substr(i);
    bool const is_bare = std::all_of(rest.begin(), rest.begin() + 8, is_decimal);
    std::string const text =
        is_bare ? fmt::format("{}-{}-{}", rest.substr(0, 4), rest.substr(4, 2), rest.substr(6, 2))
                : std::string(rest.substr(0, 10));
    if (auto const date = parse_iso_date(text)) return date;
  }
  return std::nullopt;
}

}  // namespace

bool is_bar_symbol(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

void BarsReport::note(std::map<std::string, RowNotes>& notes, std::string_view reason,
                      std::string const& text) {
  RowNotes& kind = notes[std::string(reason)];
  ++kind.count;
  if (kind.examples.size() < most_examples) kind.examples.push_back(text);
}

void BarSink::begin_file(std::string const& name) { raw_.files.push_back(name); }

void BarSink::add(BarRow row) {
  MUSTER_REQUIRE(raw_.rows.size() < limits_.rows,
                 "{}: more than {} rows in one import (the limit, against files made to fill the "
                 "memory); import fewer files at once",
                 file(), limits_.rows);
  row.file = static_cast<std::uint32_t>(raw_.files.size() - 1);
  raw_.rows.push_back(row);
}

void BarSink::refuse_row(std::uint64_t line, std::string_view text) {
  ++report_.rows_read;
  BarsReport::note(report_.dropped, "unreadable",
                   fmt::format("{}:{}: {}", name_of_file(file()), line, printable(text, 100)));
}

void BarSink::require_time(BarTime time) {
  MUSTER_REQUIRE(!raw_.time || raw_.time == time,
                 "{}: has {}, other rows have {} (day bars and shorter ones do not go together); "
                 "import them one by one",
                 file(), time == BarTime::date ? "dates" : "times of day",
                 time == BarTime::date ? "times of day" : "dates");
  raw_.time = time;
}

std::uint32_t BarSink::symbol(std::string_view name) {
  if (auto const known = numbers_.find(name); known != numbers_.end()) return known->second;
  MUSTER_REQUIRE(raw_.symbols.size() < most_bar_symbols,
                 "{}: more than {} symbols (the limit for one bar file); name those you want with "
                 "--symbols",
                 file(), most_bar_symbols);
  auto const number = static_cast<std::uint32_t>(raw_.symbols.size());
  raw_.symbols.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

std::uint32_t BarSink::file_symbol() {
  if (!hints_.symbol.empty()) return symbol(hints_.symbol);
  std::string const name = name_of_file(file());
  std::string const first = upper_case(name.substr(0, name.find_first_of("_. ")));
  MUSTER_REQUIRE(is_bar_symbol(first),
                 "{}: has no symbols (whose prices are these?); say it with --symbol", file());
  report_.notes.push_back(
      fmt::format("Symbol {} is taken from the file's name, {}.", first, printable(name)));
  return symbol(first);
}

Date BarSink::file_date() {
  if (hints_.date) return *hints_.date;
  std::string const name = name_of_file(file());
  auto const date = date_in(name);
  MUSTER_REQUIRE(date.has_value(),
                 "{}: has times of day but no date (the bars cannot be placed); say it with --date "
                 "2015-12-24",
                 file());
  report_.notes.push_back(
      fmt::format("Date {} is taken from the file's name, {}.", to_iso(*date), printable(name)));
  return *date;
}

}  // namespace muster::io
