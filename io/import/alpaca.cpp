// Alpaca's answers, in pages: option snapshots, {"snapshots": {OCC symbol: {latestQuote, ...}}},
// and bars, {"bars": {SYMBOL: [{t, o, h, l, c, v}, ...]}, "next_page_token": ...}; of one symbol
// also
// {"bars": [...], "symbol": SYMBOL}. The one file of this room that includes the JSON library.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/bar_rows.hpp"
#include "io/import/layouts.hpp"
#include "io/import/numbers.hpp"
#include "io/import/occ_symbol.hpp"

namespace muster::io {
namespace {

using nlohmann::json;

/// The DOM takes some ten times the text.
constexpr std::size_t max_json_bytes = std::size_t{256} << 20;

/// What a page has: the key of its section, for messages what its entries are, and where to get it.
struct PageKind {
  char const* section;
  char const* entry;
  char const* vendor_path;
};
constexpr PageKind chain_page{"snapshots", "contract", "/v1beta1/options/snapshots"};
constexpr PageKind bars_page{"bars", "symbol", "/v2/stocks/bars"};

std::string keys_of(json const& page) {
  std::string found;
  if (page.is_object())
    for (auto const& item : page.items()) found += (found.empty() ? "" : ", ") + item.key();
  return found.empty() ? "none" : printable(found, 200);
}

// A key that stands twice would silently replace the first: count the entries as they are parsed.
json parse_page(TextSource& source, PageKind const& kind) {
  std::string const text = read_all(source);
  std::string const& name = source.name();
  MUSTER_REQUIRE(text.size() <= max_json_bytes,
                 "{}: is JSON of more than {} bytes (too much to hold at once); fetch smaller "
                 "pages",
                 name, max_json_bytes);
  std::string section;
  std::size_t entries = 0;
  auto const watch = [&](int depth, json::parse_event_t event, json& parsed) {
    MUSTER_REQUIRE(depth <= 64,
                   "{}: the JSON is nested more than 64 deep (no vendor's page is); check the file",
                   name);
    if (event != json::parse_event_t::key) return true;
    if (depth == 1) section = parsed.get<std::string>();
    if (depth == 2 && section == kind.section) ++entries;
    return true;
  };
  json page;
  try {
    page = json::parse(text, watch);
  } catch (json::exception const& e) {
    throw_error(Exit::user, "{}: is not whole JSON: {} (it may be cut short); fetch the page again",
                name, printable(e.what(), 200));
  }
  MUSTER_REQUIRE(
      page.is_object() && page.contains(kind.section),
      "{}: expected JSON with the key '{}', found {} (this is no answer of Alpaca's that "
      "is needed here); fetch {}",
      name, kind.section, keys_of(page), kind.vendor_path);
  json const& found = page[kind.section];
  MUSTER_REQUIRE(!found.is_object() || entries == found.size(),
                 "{}: a {} stands twice in one page (one of the two would be lost); fetch the page "
                 "again",
                 name, kind.entry);
  return page;
}

double number_at(OptionQuote& quote, json const& object, char const* part, char const* key) {
  auto const section = object.find(part);
  if (section == object.end() || !section->is_object()) return absent;
  auto const value = section->find(key);
  if (value == section->end() || value->is_null()) return absent;
  if (value->is_number()) return value->get<double>();
  note_fault(quote, QuoteFault::unreadable, fmt::format("{}.{} is not a number", part, key));
  return absent;
}

std::optional<Instant> time_at(json const& object, char const* part) {
  auto const section = object.find(part);
  if (section == object.end() || !section->is_object()) return std::nullopt;
  auto const value = section->find("t");
  if (value == section->end() || !value->is_string()) return std::nullopt;
  return parse_rfc3339(value->get_ref<std::string const&>());
}

OptionQuote read_snapshot(std::string const& symbol_text, json const& snapshot) {
  OptionQuote quote;
  quote.text = symbol_text.substr(0, 64) + " " +
               snapshot.dump(-1, ' ', true, json::error_handler_t::replace);
  auto const symbol = parse_occ_symbol(symbol_text);
  if (!symbol || !snapshot.is_object()) {
    note_fault(quote, QuoteFault::unreadable,
               symbol ? "the snapshot is empty"
                      : fmt::format("'{}' is not an option symbol", printable(symbol_text)));
    return quote;
  }
  quote.root = symbol->root;
  quote.expiry = symbol->expiry;
  quote.right = symbol->right;
  quote.strike = symbol->strike;
  quote.bid = number_at(quote, snapshot, "latestQuote", "bp");
  quote.ask = number_at(quote, snapshot, "latestQuote", "ap");
  quote.last = number_at(quote, snapshot, "latestTrade", "p");
  quote.volume = number_at(quote, snapshot, "dailyBar", "v");
  quote.delta = number_at(quote, snapshot, "greeks", "delta");
  quote.gamma = number_at(quote, snapshot, "greeks", "gamma");
  quote.quote_time = time_at(snapshot, "latestQuote");
  auto const iv = snapshot.find("impliedVolatility");
  if (iv != snapshot.end() && iv->is_number()) quote.file_iv = iv->get<double>();
  return quote;
}

class BarPage {
 public:
  explicit BarPage(BarSink& sink) : sink_(sink) {}

  void read(json const& page) {
    note_token(page);
    json const& bars = page["bars"];
    if (bars.is_null()) return;  // a page of nothing
    if (bars.is_object())
      for (auto const& [symbol, list] : bars.items()) read_list(symbol, list);
    else
      read_list(symbol_of(page), bars);
  }

 private:
  void note_token(json const& page) {
    auto const token = page.find("next_page_token");
    if (token == page.end()) return;
    ++sink_.raw().pages;
    if (!token->is_null()) ++sink_.raw().unfinished;
  }

  std::string symbol_of(json const& page) const {
    auto const symbol = page.find("symbol");
    MUSTER_REQUIRE(symbol != page.end() && symbol->is_string(),
                   "{}: a list of bars without a symbol (whose prices are these?); fetch "
                   "/v2/stocks/bars",
                   sink_.file());
    return symbol->get<std::string>();
  }

  void read_list(std::string const& symbol, json const& list) {
    if (!is_bar_symbol(symbol)) return sink_.refuse_row(++number_, symbol);
    if (list.is_object()) return read_bar(symbol, list);  // "latest": one bar a symbol
    MUSTER_REQUIRE(list.is_array(),
                   "{}: {} has no list of bars (they cannot be read); fetch the "
                   "page again",
                   sink_.file(), printable(symbol));
    for (json const& bar : list) read_bar(symbol, bar);
  }

  void read_bar(std::string const& symbol, json const& bar) {
    ++number_;
    auto const time = time_of(bar);
    if (!time)
      return sink_.refuse_row(
          number_, symbol + " " + bar.dump(-1, ' ', true, json::error_handler_t::replace));
    sink_.require_time(BarTime::instant);
    BarRow row;
    row.symbol = sink_.symbol(symbol);
    row.line = number_;
    row.time = time->time_since_epoch().count();
    row.open = number_at(bar, "o", row);
    row.high = number_at(bar, "h", row);
    row.low = number_at(bar, "l", row);
    row.close = number_at(bar, "c", row);
    row.volume = number_at(bar, "v", row);
    ++sink_.report().rows_read;
    sink_.add(row);
  }

  static std::optional<Instant> time_of(json const& bar) {
    if (!bar.is_object()) return std::nullopt;
    auto const time = bar.find("t");
    if (time == bar.end() || !time->is_string()) return std::nullopt;
    return parse_rfc3339(time->get_ref<std::string const&>());
  }

  static double number_at(json const& bar, char const* key, BarRow& row) {
    auto const value = bar.find(key);
    if (value != bar.end() && value->is_number()) return value->get<double>();
    row.drop = "not_a_number";
    return 0;
  }

  BarSink& sink_;
  std::uint64_t number_ = 0;
};

}  // namespace

void read_alpaca(TextSource& source, QuoteSink& sink) {
  json const page = parse_page(source, chain_page);
  MUSTER_REQUIRE(page["snapshots"].is_object(),
                 "{}: 'snapshots' is no list of contracts (these are no option quotes); fetch {}",
                 source.name(), chain_page.vendor_path);
  std::uint64_t number = 0;
  for (auto const& [symbol, snapshot] : page["snapshots"].items()) {
    OptionQuote quote = read_snapshot(symbol, snapshot);
    quote.line = ++number;
    if (quote.quote_time) sink.saw(*quote.quote_time);
    sink.add(std::move(quote));
  }
}

void read_alpaca_bars(TextSource& source, BarSink& sink) {
  if (sink.raw().layout.empty()) sink.raw().layout = "Alpaca bars";
  BarPage(sink).read(parse_page(source, bars_page));
}

}  // namespace muster::io
