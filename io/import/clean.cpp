#include "io/import/clean.hpp"

#include <algorithm>

namespace muster::io {
namespace {

/// No listed price or strike comes near this; beyond it mid prices and products stay finite.
constexpr double largest_price = 1e9;

bool is_absent(double x) { return x != x; }
bool is_too_large(double x) { return x > largest_price; }

/// What the two sides of the quote say, the contract itself being fine.
std::string_view price_reason(double bid, double ask) {
  if (bid < 0 || ask < 0) return "negative";
  if (is_too_large(bid) || is_too_large(ask)) return "out_of_range";
  bool const has_bid = bid > 0, has_ask = ask > 0;
  if (!has_bid && !has_ask) return "no_quote";
  if (is_absent(bid) || is_absent(ask)) return "one_sided";
  if (!has_ask) return "zero_ask";
  if (!has_bid) return "zero_bid";
  return bid > ask ? "crossed" : "";
}

}  // namespace

bool QuoteJudge::is_repeated(OptionQuote const& quote) {
  return !seen_.emplace(quote.root, std::chrono::sys_days{quote.expiry}, quote.strike, quote.right)
              .second;
}

std::string_view QuoteJudge::reject_reason(OptionQuote const& quote) {
  if (quote.fault == QuoteFault::unreadable) return "unreadable";
  if (quote.fault == QuoteFault::not_finite) return "not_finite";
  if (is_adjusted_root(quote.root)) return "adjusted_root";
  if (quote.quote_date && *quote.quote_date != day_) return "other_day";
  if (quote.quote_time && to_new_york(*quote.quote_time).date != day_) return "stale";
  if (!(quote.strike > 0)) return "bad_strike";
  if (is_too_large(quote.strike)) return "out_of_range";
  if (settlement_instant(root_rules(quote.root).settlement, quote.expiry) <= as_of_)
    return "expired";
  if (is_repeated(quote)) return "duplicate";
  return price_reason(quote.bid, quote.ask);
}

bool is_impossible(OptionQuote const& quote, Exercise exercise, double forward, double discount) {
  double const tolerance = 5e-4 * forward;
  bool const is_call = quote.right == OptionRight::call;
  double const intrinsic = discount * (is_call ? forward - quote.strike : quote.strike - forward);
  double const best = is_call ? forward : quote.strike;
  // An American contract can be cashed today: no discount (or a gain from one) limits it.
  double const most = best * (exercise == Exercise::european ? discount : std::max(1.0, discount));
  return quote.ask < intrinsic - tolerance || quote.bid > most + tolerance;
}

}  // namespace muster::io
