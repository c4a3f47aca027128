// Day files of LEAN option data joined into one table: quote date, underlying, expiry, strike,
// right.
#include <fmt/core.h>

#include <algorithm>

#include "core/text.hpp"
#include "io/import/layouts.hpp"
#include "io/import/numbers.hpp"

namespace muster::io {
namespace {

bool is_ticker(std::string_view text) {
  return !text.empty() && text.size() <= 12 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '^';
  });
}

}  // namespace

bool is_lean_header(CsvRecord const& record) {
  return !record.fields.empty() && record.fields[0] == "quote_date";
}

void read_lean(CsvReader& reader, CsvRecord const& header, QuoteSink& sink) {
  Columns const columns(reader, header);
  std::size_t const quote_date = columns.require("quote_date"),
                    underlying = columns.require("underlying"), expiry = columns.require("expiry"),
                    strike = columns.require("strike"), right = columns.require("right"),
                    bid = columns.require("bid"), ask = columns.require("ask");
  auto const close = columns.find("underlying_close"), last = columns.find("trade_close"),
             volume = columns.find("trade_volume"), open_interest = columns.find("open_interest");
  for (CsvRecord record; reader.next(record);) {
    if (record.fields.empty()) continue;
    OptionQuote quote = begin_quote(record, columns);
    auto const date_at = [&](std::string_view name, std::size_t at) {
      auto const date = parse_iso_date(cell(record, at));
      if (!date)
        note_fault(quote, QuoteFault::unreadable,
                   fmt::format("{} '{}' is not a date", name, printable(cell(record, at))));
      return date.value_or(Date{});
    };
    quote.quote_date = date_at("quote_date", quote_date);
    quote.expiry = date_at("expiry", expiry);
    quote.root = cell(record, underlying);
    std::string_view const side = cell(record, right);
    quote.right = side == "C" ? OptionRight::call : OptionRight::put;
    if (side != "C" && side != "P")
      note_fault(quote, QuoteFault::unreadable,
                 fmt::format("right '{}' is neither C nor P", printable(side)));
    if (!is_ticker(quote.root))
      note_fault(quote, QuoteFault::unreadable,
                 fmt::format("underlying '{}' is no ticker", printable(quote.root)));
    quote.strike = read_number(quote, "strike", cell(record, strike));
    quote.bid = read_number(quote, "bid", cell(record, bid));
    quote.ask = read_number(quote, "ask", cell(record, ask));
    quote.last = read_number(quote, "trade_close", cell(record, last));
    quote.volume = read_number(quote, "trade_volume", cell(record, volume));
    quote.open_interest = read_number(quote, "open_interest", cell(record, open_interest));
    double const spot = read_number(quote, "underlying_close", cell(record, close));
    if (quote.fault == QuoteFault::none && spot > 0) sink.chain().closes[*quote.quote_date] = spot;
    sink.add(std::move(quote));
  }
}

}  // namespace muster::io
