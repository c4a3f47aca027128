// Option tables as yfinance writes them to CSV. Their only time is that of each contract's last
// trade.
#include <fmt/core.h>

#include "core/text.hpp"
#include "io/import/layouts.hpp"
#include "io/import/numbers.hpp"
#include "io/import/occ_symbol.hpp"

namespace muster::io {

bool is_yahoo_header(CsvRecord const& record) {
  for (std::string_view field : record.fields)
    if (field == "contractSymbol") return true;
  return false;
}

void read_yahoo(CsvReader& reader, CsvRecord const& header, QuoteSink& sink) {
  Columns const columns(reader, header);
  std::size_t const contract = columns.require("contractSymbol"),
                    strike = columns.require("strike"), bid = columns.require("bid"),
                    ask = columns.require("ask");
  auto const traded = columns.find("lastTradeDate"), last = columns.find("lastPrice"),
             volume = columns.find("volume"), open_interest = columns.find("openInterest"),
             iv = columns.find("impliedVolatility");
  for (CsvRecord record; reader.next(record);) {
    if (record.fields.empty()) continue;
    OptionQuote quote = begin_quote(record, columns);
    quote.strike = read_number(quote, "strike", cell(record, strike));
    quote.bid = read_number(quote, "bid", cell(record, bid));
    quote.ask = read_number(quote, "ask", cell(record, ask));
    quote.last = read_number(quote, "lastPrice", cell(record, last));
    quote.volume = read_number(quote, "volume", cell(record, volume));
    quote.open_interest = read_number(quote, "openInterest", cell(record, open_interest));
    quote.file_iv = read_number(quote, "impliedVolatility", cell(record, iv));
    std::string_view const text = cell(record, contract);
    if (auto const symbol = parse_occ_symbol(text)) {
      quote.root = symbol->root;
      quote.expiry = symbol->expiry;
      quote.right = symbol->right;
      double const gap = quote.strike - symbol->strike;
      if (gap > 5e-4 || gap < -5e-4)
        note_fault(quote, QuoteFault::unreadable,
                   fmt::format("the strike of {} disagrees with its row", printable(text)));
    } else {
      note_fault(quote, QuoteFault::unreadable,
                 fmt::format("'{}' is not an option symbol", printable(text)));
    }
    if (auto const time = parse_rfc3339(cell(record, traded))) sink.saw(*time);
    sink.add(std::move(quote));
  }
}

}  // namespace muster::io
