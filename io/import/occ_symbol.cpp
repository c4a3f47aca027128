#include "io/import/occ_symbol.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace muster::io {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_root_character(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }

int number_of(std::string_view digits) {
  int value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

std::optional<OccSymbol> parse_occ_symbol(std::string_view text) {
  constexpr std::size_t tail = 6 + 1 + 8;
  if (text.size() <= tail || text.size() > tail + 6) return std::nullopt;
  std::string_view root = text.substr(0, text.size() - tail);
  while (!root.empty() && root.back() == ' ') root.remove_suffix(1);
  if (root.empty() || !std::all_of(root.begin(), root.end(), is_root_character))
    return std::nullopt;

  std::string_view const day = text.substr(text.size() - tail, 6);
  char const right = text[text.size() - 9];
  std::string_view const strike = text.substr(text.size() - 8);
  if (!std::all_of(day.begin(), day.end(), is_digit) ||
      !std::all_of(strike.begin(), strike.end(), is_digit) || (right != 'C' && right != 'P'))
    return std::nullopt;

  OccSymbol symbol;
  symbol.root = root;
  symbol.expiry = Date{std::chrono::year{2000 + number_of(day.substr(0, 2))},
                       std::chrono::month{static_cast<unsigned>(number_of(day.substr(2, 2)))},
                       std::chrono::day{static_cast<unsigned>(number_of(day.substr(4, 2)))}};
  if (!symbol.expiry.ok()) return std::nullopt;
  symbol.right = right == 'C' ? OptionRight::call : OptionRight::put;
  symbol.strike = number_of(strike) / 1000.0;
  return symbol;
}

std::optional<std::string> format_occ_symbol(OccSymbol const& symbol) {
  if (!(symbol.strike >= 0 && symbol.strike < 1e5)) return std::nullopt;
  auto text = fmt::format(
      "{}{:02}{:02}{:02}{}{:08}", symbol.root, static_cast<int>(symbol.expiry.year()) - 2000,
      static_cast<unsigned>(symbol.expiry.month()), static_cast<unsigned>(symbol.expiry.day()),
      symbol.right == OptionRight::call ? 'C' : 'P',
      static_cast<std::uint64_t>(symbol.strike * 1000 + 0.5));
  return parse_occ_symbol(text) == symbol ? std::optional(text) : std::nullopt;
}

}  // namespace muster::io
