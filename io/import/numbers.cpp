#include "io/import/numbers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace muster::io {
namespace {

// As the languages that write these files spell them.
bool is_not_finite(std::string_view cell) {
  if (cell.starts_with('-') || cell.starts_with('+')) cell.remove_prefix(1);
  constexpr std::array<std::string_view, 8> words = {"nan", "NaN", "NAN",      "inf",
                                                     "Inf", "INF", "infinity", "Infinity"};
  return std::find(words.begin(), words.end(), cell) != words.end();
}

}  // namespace

void note_fault(OptionQuote& quote, QuoteFault fault, std::string text) {
  if (quote.fault != QuoteFault::none) return;
  quote.fault = fault;
  quote.fault_text = std::move(text);
}

double read_number(OptionQuote& quote, std::string_view column, std::string_view cell) {
  if (cell.empty()) return absent;
  if (auto const value = parse_number(cell)) return *value;
  if (is_not_finite(cell))
    note_fault(quote, QuoteFault::not_finite, fmt::format("{} is {}", column, cell));
  else
    note_fault(quote, QuoteFault::unreadable,
               fmt::format("{} '{}' is not a number", column, printable(cell)));
  return absent;
}

}  // namespace muster::io
