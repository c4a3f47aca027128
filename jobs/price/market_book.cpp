#include "jobs/price/market_book.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/occ_symbol.hpp"

namespace muster::jobs::price {
namespace {

using Counts = std::map<std::string, std::size_t>;

Instant instant_of(std::string const& utc) {
  auto const time = parse_civil_time(utc);
  MUSTER_ASSERT(time && to_instant(*time), "{} is checked by the reader", utc);
  return *to_instant(*time);
}

bool supply_market(io::MarketFile const& file, std::string_view name, JobInput& input,
                   Faults& faults) {
  MarketInput& market = input.market;
  market.currency = file.currency;
  market.valuation = parse_civil_time(file.as_of_utc);
  if (!file.spot) {
    input.book.marks.add(
        faults, "file",
        fmt::format("{} holds no spot of {} (deltas are per 1 of it); give [[market.asset]] with "
                    "that name and its spot",
                    name, printable(file.underlying)));
    return false;
  }
  AssetInput& asset = market.assets.emplace_back();
  asset.name = file.underlying;
  asset.spot = *file.spot;
  asset.marks.table = &asset_table();
  asset.marks.path = "market.asset.0";
  asset.marks.record = {name, 0, 0};
  return true;
}

bool fit_currency(io::MarketFile const& file, std::string_view name, MarketInput& market,
                  Faults& faults) {
  if (market.marks.was_given("currency") && market.currency != file.currency) {
    market.marks.add(faults, "currency",
                     fmt::format("{}, but {} is quoted in {} (amounts would mix); remove the key",
                                 printable(market.currency), name, printable(file.currency)));
    return false;
  }
  market.currency = file.currency;
  return true;
}

bool fit_valuation(io::MarketFile const& file, std::string_view name, MarketInput& market,
                   Faults& faults) {
  if (market.valuation && *to_instant(*market.valuation) != instant_of(file.as_of_utc)) {
    market.marks.add(
        faults, "valuation",
        fmt::format("{} is not the time of the quotes in {}, {} (their volatilities "
                    "belong to it); remove the key",
                    format_instant(*to_instant(*market.valuation)), name, file.as_of_utc));
    return false;
  }
  market.valuation = parse_civil_time(file.as_of_utc);
  return true;
}

bool has_underlying(io::MarketFile const& file, std::string_view name, MarketInput& market,
                    Faults& faults) {
  if (std::any_of(market.assets.begin(), market.assets.end(),
                  [&](AssetInput const& asset) { return asset.name == file.underlying; }))
    return true;
  market.marks.add(faults, "asset",
                   fmt::format("no asset is named \"{}\" ({} is quoted on it); name one so, or "
                               "leave [market] out",
                               printable(file.underlying), name));
  return false;
}

/// Why a row cannot be priced, as a lower_snake word; empty when it can.
std::string why_left_out(io::MarketRow const& row, io::MarketExpiry const& expiry) {
  if (!(row.iv > 0)) return io::has_volatility(row.iv_status) ? "no_volatility" : row.iv_status;
  if (!(expiry.forward > 0) || !(expiry.discount > 0)) return "no_forward";
  bool const is_in_range = row.iv <= limit_quote_volatility && row.strike <= limit_amount &&
                           expiry.forward <= limit_amount && expiry.years <= limit_expiry_years &&
                           expiry.discount <= limit_quote_discount;
  return is_in_range ? "" : "out_of_range";
}

std::string name_of(io::MarketRow const& row, io::MarketExpiry const& expiry) {
  auto const date = io::to_new_york(instant_of(expiry.expiry_utc)).date;
  if (auto symbol = io::format_occ_symbol({expiry.root, date, row.right, row.strike}))
    return *symbol;
  return fmt::format("{} {} {} {}", expiry.root, expiry.expiry_utc,
                     row.right == io::OptionRight::call ? "call" : "put", plain_number(row.strike));
}

InstrumentInput instrument_of(io::MarketRow const& row, io::MarketFile const& file,
                              std::string_view name) {
  io::MarketExpiry const& expiry = file.expiries[row.expiry];
  InstrumentInput made;
  made.name = name_of(row, expiry);
  made.asset_name = file.underlying;
  made.right = row.right == io::OptionRight::call ? Right::call : Right::put;
  made.strike = row.strike;
  made.expiry_years = expiry.years;
  made.quote = Quote{expiry.forward, expiry.discount, row.iv};
  made.multiplier = file.multiplier;
  made.marks.table = &instrument_table();
  made.marks.record = {name, 0, 0};
  return made;
}

std::string listed(Counts const& counts) {
  std::string text;
  for (auto const& [word, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, printable(word));
  return text;
}

std::string report_of(io::MarketFile const& file, std::size_t priced, std::size_t doubtful,
                      Counts const& left_out) {
  auto text =
      fmt::format("{} of {} rows, each at its own implied volatility", priced, file.rows.size());
  if (doubtful > 0) text += fmt::format("; {} of them have a doubtful forward", doubtful);
  if (!left_out.empty()) text += fmt::format("; left out: {}", listed(left_out));
  Counts apart;
  for (auto const& row : file.rejected) ++apart[row.reason];
  if (!apart.empty()) text += fmt::format("; kept apart by the import: {}", listed(apart));
  if (file.exercise != io::Exercise::european)
    text += "; contracts of American exercise, as their European equivalents";
  return text;
}

}  // namespace

bool fit_market(io::MarketFile const& file, std::string_view name, JobInput& input,
                Faults& faults) {
  if (!input.marks.was_given("market")) return supply_market(file, name, input, faults);
  MarketInput& market = input.market;
  if (input.marks.is_faulty("market")) return false;
  bool const fits_currency = fit_currency(file, name, market, faults);
  bool const fits_valuation = fit_valuation(file, name, market, faults);
  return has_underlying(file, name, market, faults) && fits_currency && fits_valuation;
}

AddedRows add_rows(io::MarketFile const& file, std::string_view name, JobInput& input,
                   Faults& faults) {
  std::size_t priced = 0, doubtful = 0;
  Counts left_out;
  auto const refuse = [&](std::string const& problem) {
    input.book.marks.add(faults, "file", fmt::format("{}: {}", name, problem));
    return AddedRows{};
  };
  if (file.rows.size() > limit_instruments)
    return refuse(fmt::format("{} rows (a job prices at most {} instruments); split the chain",
                              human_count(file.rows.size()), human_count(limit_instruments)));
  if (file.multiplier > limit_multiplier)
    return refuse(fmt::format("a multiplier of {} (must be above 0 and at most {}); mend the file",
                              plain_number(file.multiplier), plain_number(limit_multiplier)));
  for (auto const& row : file.rows) {
    auto const& expiry = file.expiries[row.expiry];
    if (auto reason = why_left_out(row, expiry); !reason.empty()) {
      ++left_out[reason];
      continue;
    }
    input.instruments.push_back(instrument_of(row, file, name));
    ++priced;
    if (expiry.quality == io::ExpiryQuality::doubtful) ++doubtful;
  }
  auto const report = report_of(file, priced, doubtful, left_out);
  if (priced == 0)
    return refuse(fmt::format("no row has a volatility ({}); import another chain", report));
  return {report, left_out.empty() && file.rejected.empty()};
}

}  // namespace muster::jobs::price
