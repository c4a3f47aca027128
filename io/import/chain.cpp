#include "io/import/chain.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/as_of.hpp"
#include "io/import/market_rows.hpp"
#include "io/text_rules.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::io {
namespace {

bool is_currency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void check(ImportOptions const& options) {
  MUSTER_REQUIRE(!options.rate || (*options.rate >= -0.5 && *options.rate <= 2),
                 "rate = {} (a continuous rate a year, between -0.5 and 2); write 0.05 for 5 %",
                 *options.rate);
  MUSTER_REQUIRE(is_currency(options.currency),
                 "currency = '{}' (three capital letters name one); write USD",
                 printable(options.currency));
}

void keep_apart(ImportedChain& result, RawChain const& raw, OptionQuote const& quote,
                std::string_view reason) {
  std::string const why = quote.fault == QuoteFault::none ? "" : " (" + quote.fault_text + ")";
  result.market.rejected.push_back({clean_text(raw.files[quote.file]),
                                    static_cast<std::int64_t>(quote.line), std::string(reason),
                                    shorten(clean_text(quote.text + why), 4096)});
  ++result.report.rejected[std::string(reason)];
}

void require_rows(std::vector<Slice> const& slices, RawChain const& raw,
                  ImportReport const& report) {
  if (!slices.empty()) return;
  std::string counts;
  for (auto const& [reason, count] : report.rejected)
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, reason);
  throw_error(Exit::user,
              "{}: no usable row among {} ({}; there is nothing to price); check --as-of and the "
              "file",
              raw.files.front(), raw.quotes.size(), counts);
}

std::string underlying_of(std::vector<Slice> const& slices, RawChain const& raw) {
  std::string const& first = slices.front().rules.underlying;
  for (Slice const& slice : slices)
    MUSTER_REQUIRE(slice.rules.underlying == first,
                   "{}: the files hold options on {} and on {} (a market file is of one "
                   "underlying); import them one by one",
                   raw.files.front(), printable(first), printable(slice.rules.underlying));
  return first;
}

std::optional<double> spot_of(RawChain const& raw, Instant as_of) {
  auto const close = raw.closes.find(to_new_york(as_of).date);
  return close != raw.closes.end() ? close->second : raw.last_price;
}

std::string source_of(RawChain const& raw, AsOf const& as_of) {
  std::string text = raw.layout + ": ";
  for (std::size_t i = 0; i < raw.files.size(); ++i) text += (i > 0 ? ", " : "") + raw.files[i];
  if (!raw.title.empty()) text += " (" + raw.title + ")";
  return clean_text(text + ". " + as_of.note);
}

void find_slice_forwards(std::vector<Slice>& slices, std::optional<double> rate,
                         ImportReport& report) {
  std::vector<ExpiryPairs> pairs;
  for (Slice const& slice : slices) pairs.push_back(pairs_of(slice));
  ChainForwards found = find_forwards(pairs, rate);
  for (std::size_t i = 0; i < slices.size(); ++i) slices[i].forward = std::move(found.expiries[i]);
  if (!found.note.empty()) report.notes.push_back(found.note);
}

ExpiryReport report_of(Slice const& slice) {
  ExpiryForward const& f = slice.forward;
  double const rate = 0 - kernels::exact_log(f.discount) / slice.years;
  return {slice.root,   to_iso(slice.expiry), slice.years, f.forward, f.discount, rate,
          f.rate_error, slice.quotes.size(),  f.pairs,     f.quality, f.reason};
}

}  // namespace

ImportedChain import_raw(RawChain const& raw, ImportOptions const& options) {
  check(options);
  ImportedChain result;
  MarketFile& market = result.market;
  ImportReport& report = result.report;
  AsOf const as_of = resolve_as_of(raw, options.as_of);
  report.notes.push_back(as_of.note);
  Reject const reject = [&](OptionQuote const& quote, std::string_view reason) {
    keep_apart(result, raw, quote, reason);
  };

  auto slices = slice_chain(raw, as_of.time, reject);
  require_rows(slices, raw, report);
  market.underlying = underlying_of(slices, raw);
  find_slice_forwards(slices, options.rate, report);
  drop_impossible(slices, reject);
  require_rows(slices, raw, report);

  market.source = source_of(raw, as_of);
  market.as_of_utc = format_instant(as_of.time);
  market.spot = spot_of(raw, as_of.time);
  market.currency = options.currency;
  for (Slice const& slice : slices) {
    add_expiry(market, slice);
    report.expiries.push_back(report_of(slice));
  }
  solve_volatilities(market);
  for (MarketRow const& row : market.rows) ++report.iv_statuses[row.iv_status];
  if (market.exercise != Exercise::european)
    report.notes.push_back(
        "The contracts are of American exercise; volatilities are european_equivalent, with early "
        "exercise left out.");

  report.rows_read = raw.quotes.size();
  report.rows_kept = market.rows.size();
  MUSTER_ASSERT(market.rows.size() + market.rejected.size() == raw.quotes.size(), "{} + {} != {}",
                market.rows.size(), market.rejected.size(), raw.quotes.size());
  return result;
}

ImportedChain import_chain(std::vector<std::filesystem::path> const& paths,
                           ImportOptions const& options) {
  return import_raw(read_chain(paths, options.limits), options);
}

}  // namespace muster::io
