// Alpaca's option snapshots: {"snapshots": {OCC symbol: {latestQuote, latestTrade, ...}}}, in
// pages. The one file of this room that includes the JSON library.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/layouts.hpp"
#include "io/import/numbers.hpp"
#include "io/import/occ_symbol.hpp"

namespace muster::io {
namespace {

using nlohmann::json;

/// The DOM takes some ten times the text.
constexpr std::size_t max_json_bytes = std::size_t{256} << 20;

// A key that stands twice would silently replace the first: count the contracts as they are parsed.
json parse_page(std::string const& text, std::string const& name) {
  std::string section;
  std::size_t contracts = 0;
  auto const watch = [&](int depth, json::parse_event_t event, json& parsed) {
    MUSTER_REQUIRE(depth <= 64,
                   "{}: the JSON is nested more than 64 deep (no vendor's page is); check the file",
                   name);
    if (event != json::parse_event_t::key) return true;
    if (depth == 1) section = parsed.get<std::string>();
    if (depth == 2 && section == "snapshots") ++contracts;
    return true;
  };
  json page;
  try {
    page = json::parse(text, watch);
  } catch (json::exception const& e) {
    throw_error(Exit::user, "{}: is not whole JSON: {} (it may be cut short); fetch the page again",
                name, printable(e.what(), 200));
  }
  bool const has_snapshots =
      page.is_object() && page.contains("snapshots") && page["snapshots"].is_object();
  if (!has_snapshots) {
    std::string found;
    if (page.is_object())
      for (auto const& item : page.items()) found += (found.empty() ? "" : ", ") + item.key();
    throw_error(
        Exit::user,
        "{}: expected JSON with the key 'snapshots' (Alpaca option snapshots), found {} (these are "
        "no option quotes); fetch /v1beta1/options/snapshots",
        name, found.empty() ? "none" : printable(found, 200));
  }
  MUSTER_REQUIRE(contracts == page["snapshots"].size(),
                 "{}: a contract stands twice in one page (one of its quotes would be lost); fetch "
                 "the page again",
                 name);
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

}  // namespace

void read_alpaca(TextSource& source, QuoteSink& sink) {
  std::string const text = read_all(source);
  MUSTER_REQUIRE(text.size() <= max_json_bytes,
                 "{}: is JSON of more than {} bytes (too much to hold at once); fetch "
                 "smaller pages",
                 source.name(), max_json_bytes);
  json const page = parse_page(text, source.name());
  std::uint64_t number = 0;
  for (auto const& [symbol, snapshot] : page["snapshots"].items()) {
    OptionQuote quote = read_snapshot(symbol, snapshot);
    quote.line = ++number;
    if (quote.quote_time) sink.saw(*quote.quote_time);
    sink.add(std::move(quote));
  }
}

}  // namespace muster::io
