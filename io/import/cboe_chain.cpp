// The quote table that Cboe's delayed-quote page downloads: free text, a header whose names repeat
// (calls on the left, puts on the right), one row a strike.
#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/layouts.hpp"
#include "io/import/numbers.hpp"
#include "io/import/occ_symbol.hpp"

namespace muster::io {
namespace {

/// Positions of one half's columns.
struct Side {
  OptionRight right;
  std::size_t symbol, last, bid, ask, volume, iv, delta, gamma, open_interest, end;
};

Side find_side(Columns const& columns, OptionRight right, std::size_t from, std::size_t to) {
  auto const at = [&](std::string_view name) { return columns.require(name, from, to); };
  return {right,
          from,
          at("Last Sale"),
          at("Bid"),
          at("Ask"),
          at("Volume"),
          at("IV"),
          at("Delta"),
          at("Gamma"),
          at("Open Interest"),
          std::min(to, columns.count())};
}

// "Mon Feb 07 2022"
std::optional<Date> parse_expiration(std::string_view text) {
  if (text.size() != 15 || text[3] != ' ' || text[7] != ' ' || text[10] != ' ') return std::nullopt;
  unsigned const month = month_by_name(text.substr(4, 3));
  return parse_iso_date(fmt::format("{}-{:02}-{}", text.substr(11, 4), month, text.substr(8, 2)));
}

// One contract's half of the row, as text for the list of rejected rows.
std::string half_text(CsvRecord const& record, Side const& side, std::size_t strike) {
  std::vector<std::string_view> fields{cell(record, 0)};
  for (std::size_t i = side.symbol; i < side.end; ++i)
    if (i != strike) fields.push_back(cell(record, i));
  fields.push_back(cell(record, strike));
  return join_csv(fields);
}

OptionQuote read_side(CsvRecord const& record, Columns const& columns, Side const& side,
                      std::size_t strike_column) {
  OptionQuote quote = begin_quote(record, columns);
  quote.text = half_text(record, side, strike_column);
  quote.right = side.right;
  auto const number = [&](std::string_view name, std::size_t at) {
    return read_number(quote, name, cell(record, at));
  };
  quote.strike = number("Strike", strike_column);
  quote.last = number("Last Sale", side.last);
  quote.bid = number("Bid", side.bid);
  quote.ask = number("Ask", side.ask);
  quote.volume = number("Volume", side.volume);
  quote.file_iv = number("IV", side.iv);
  quote.delta = number("Delta", side.delta);
  quote.gamma = number("Gamma", side.gamma);
  quote.open_interest = number("Open Interest", side.open_interest);

  std::string_view const text = cell(record, side.symbol);
  auto const symbol = parse_occ_symbol(text);
  if (!symbol || symbol->right != side.right) {
    note_fault(quote, QuoteFault::unreadable,
               fmt::format("'{}' is not the symbol of a {}", printable(text),
                           side.right == OptionRight::call ? "call" : "put"));
    return quote;
  }
  quote.root = symbol->root;
  quote.expiry = symbol->expiry;
  double const gap = quote.strike - symbol->strike;
  if (gap > 5e-4 || gap < -5e-4 || parse_expiration(cell(record, 0)) != symbol->expiry)
    note_fault(
        quote, QuoteFault::unreadable,
        fmt::format("the symbol {} disagrees with strike or expiration of its row", symbol->root));
  return quote;
}

}  // namespace

bool is_cboe_header(CsvRecord const& record) {
  return !record.fields.empty() && record.fields[0] == "Expiration Date";
}

std::optional<Instant> parse_cboe_time(std::string_view text) {
  std::vector<std::string> words(1);
  for (char c : text.substr(0, 100)) {
    if (c == ' ' || c == ',') {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (words.back().empty()) words.pop_back();
  std::erase(words, "at");
  if (words.size() != 6) return std::nullopt;
  auto const pad = [](std::string const& s) { return s.size() == 1 ? "0" + s : s; };
  auto const date =
      parse_iso_date(fmt::format("{}-{:02}-{}", words[2], month_by_name(words[0]), pad(words[1])));
  std::size_t const colon = words[3].find(':');
  bool const is_pm = words[4] == "PM";
  if (!date || colon == std::string::npos || (!is_pm && words[4] != "AM")) return std::nullopt;
  std::string const hour = pad(words[3].substr(0, colon));
  if (hour < "01" || hour > "12") return std::nullopt;
  auto const clock = [&](std::string_view zone) {
    return parse_rfc3339(fmt::format("{}T{}{}{}", to_iso(*date), hour == "12" ? "00" : hour,
                                     words[3].substr(colon), zone));
  };
  std::string_view const zone = words[5] == "EST" ? "-05:00" : words[5] == "EDT" ? "-04:00" : "";
  if (zone.empty()) return std::nullopt;
  auto const morning = clock(zone);
  if (!morning) return std::nullopt;
  return *morning + std::chrono::hours{is_pm ? 12 : 0};
}

void read_cboe_preamble(CsvRecord const& record, RawChain& chain) {
  bool first = true;
  for (std::size_t i = 0; i < record.fields.size(); ++i) {
    std::string_view const field = record.fields[i];
    if (field.starts_with("Last:")) {
      OptionQuote scratch;
      std::size_t const number = std::min(field.find_first_not_of(' ', 5), field.size());
      double const last = read_number(scratch, "Last", field.substr(number));
      if (last > 0) chain.last_price = last;
    } else if (field.starts_with("Date:")) {
      // An unquoted date was split at its commas.
      std::string text(field.substr(5));
      for (std::size_t k = i + 1; k < record.fields.size() && !record.fields[k].starts_with("Bid");
           ++k)
        text += "," + std::string(record.fields[k]);
      if (auto const time = parse_cboe_time(text)) chain.downloads.push_back(*time);
    } else if (first && chain.title.empty() && !field.empty()) {
      chain.title = printable(field, 80);
    }
    first = false;
  }
}

void read_cboe(CsvReader& reader, CsvRecord const& header, QuoteSink& sink) {
  Columns const columns(reader, header);
  std::size_t const calls = columns.require("Calls");
  std::size_t const puts = columns.require("Puts", calls);
  std::size_t const strike = columns.require("Strike", calls);
  Side const call = find_side(columns, OptionRight::call, calls, puts);
  Side const put = find_side(columns, OptionRight::put, puts, SIZE_MAX);
  for (CsvRecord record; reader.next(record);) {
    if (record.fields.empty()) continue;
    sink.add(read_side(record, columns, call, strike));
    sink.add(read_side(record, columns, put, strike));
  }
}

}  // namespace muster::io
