#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/layouts.hpp"
#include "io/import/numbers.hpp"

namespace muster::io {

Columns::Columns(CsvReader const& reader, CsvRecord const& header)
    : where_(fmt::format("{}:{}", reader.source().name(), header.line)),
      names_(header.fields.begin(), header.fields.end()) {}

std::optional<std::size_t> Columns::find(std::string_view name, std::size_t from,
                                         std::size_t to) const {
  for (std::size_t i = from; i < std::min(to, names_.size()); ++i)
    if (names_[i] == name) return i;
  return std::nullopt;
}

std::size_t Columns::require(std::string_view name, std::size_t from, std::size_t to) const {
  auto const found = find(name, from, to);
  if (!found) {
    std::string all;
    for (auto const& n : names_) all += (all.empty() ? "" : ",") + n;
    throw_error(
        Exit::user,
        "{}: the header has no column '{}' where one is needed; it is: {} (the quotes cannot be "
        "read without it); export the whole table",
        where_, name, printable(all, 300));
  }
  return *found;
}

OptionQuote begin_quote(CsvRecord const& record, Columns const& columns) {
  OptionQuote quote;
  quote.line = record.line;
  quote.text = join_csv(record.fields);
  if (record.fields.size() < columns.count())
    note_fault(quote, QuoteFault::unreadable,
               fmt::format("has {} fields where the header has {}", record.fields.size(),
                           columns.count()));
  return quote;
}

std::string_view cell(CsvRecord const& record, std::optional<std::size_t> column) {
  return column && *column < record.fields.size() ? record.fields[*column] : std::string_view{};
}

void QuoteSink::add(OptionQuote quote) {
  MUSTER_REQUIRE(chain_.quotes.size() < limits_.quotes,
                 "{}: more than {} contracts in one import (the limit, against files made to fill "
                 "the memory); "
                 "import fewer files at once",
                 chain_.files.back(), limits_.quotes);
  quote.file = static_cast<std::uint32_t>(chain_.files.size() - 1);
  chain_.quotes.push_back(std::move(quote));
}

}  // namespace muster::io
