#include "io/import/market_rows.hpp"

#include "kernels/closed_forms.hpp"

namespace muster::io {
namespace {

std::int64_t count_of(double value) {
  return value >= 0 && value < 9e15 ? static_cast<std::int64_t>(value) : -1;
}

void add_rows(MarketFile& market, Slice const& slice, std::uint32_t index) {
  for (OptionQuote const* quote : slice.quotes) {
    MarketRow row;
    row.expiry = index;
    row.right = quote->right;
    row.strike = quote->strike;
    row.bid = quote->bid;
    row.ask = quote->ask;
    row.mid = mid_of(*quote);
    row.volume = count_of(quote->volume);
    row.open_interest = count_of(quote->open_interest);
    row.file_iv = quote->file_iv > 0 ? quote->file_iv : 0;
    row.iv_status = "no_forward";
    market.rows.push_back(row);
  }
}

char const* status_word(kernels::ImpliedStatus status) {
  switch (status) {
    case kernels::ImpliedStatus::ok:
      return "ok";
    case kernels::ImpliedStatus::negative_rate:
      return "negative_rate";
    case kernels::ImpliedStatus::below_intrinsic:
      return "below_intrinsic";
    case kernels::ImpliedStatus::above_maximum:
      return "above_maximum";
    case kernels::ImpliedStatus::no_information:
      return "no_information";
    case kernels::ImpliedStatus::invalid_input:
      return "invalid_input";
  }
  return "invalid_input";
}

}  // namespace

void add_expiry(MarketFile& market, Slice const& slice) {
  ExpiryForward const& f = slice.forward;
  market.expiries.push_back({slice.root, format_instant(slice.settled), slice.rules.settlement,
                             slice.years, f.forward, f.discount, f.quality, f.reason});
  add_rows(market, slice, static_cast<std::uint32_t>(market.expiries.size() - 1));
  if (slice.rules.exercise != Exercise::european) market.exercise = Exercise::european_equivalent;
}

void solve_volatilities(MarketFile& market) {
  std::vector<kernels::ImpliedInput> inputs;
  std::vector<MarketRow*> solved;
  for (MarketRow& row : market.rows) {
    MarketExpiry const& expiry = market.expiries[row.expiry];
    if (expiry.quality == ExpiryQuality::unusable) continue;
    inputs.push_back({row.mid, expiry.forward, row.strike, expiry.years, expiry.discount,
                      row.right == OptionRight::call ? 1 : 0});
    solved.push_back(&row);
  }
  std::vector<kernels::ImpliedOutput> outputs(inputs.size());
  kernels::implied_volatility(inputs, outputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    solved[i]->iv_status = status_word(outputs[i].status);
    solved[i]->iv = kernels::has_volatility(outputs[i].status) ? outputs[i].volatility : 0;
  }
}

}  // namespace muster::io
