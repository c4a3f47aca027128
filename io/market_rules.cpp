#include "io/market_rules.hpp"

#include <fmt/core.h>

#include <cmath>

#include "io/text_rules.hpp"

namespace muster::io {
namespace {

bool is_at_least_zero(double value) { return std::isfinite(value) && value >= 0; }
bool is_above_zero(double value) { return std::isfinite(value) && value > 0; }

std::string_view fault_of(MarketExpiry const& expiry) {
  bool const is_usable = expiry.quality != ExpiryQuality::unusable;
  if (expiry.root.empty()) return "has no root";
  if (!is_utc_instant(expiry.expiry_utc)) return "has no UTC time of expiry";
  if (to_word(expiry.settlement).empty()) return "has no settlement";
  if (to_word(expiry.quality).empty()) return "has no quality";
  if (!is_above_zero(expiry.years)) return "has no years above 0";
  if (!is_at_least_zero(expiry.forward) || (is_usable && expiry.forward == 0))
    return "has no forward above 0";
  if (!is_at_least_zero(expiry.discount) || (is_usable && expiry.discount == 0))
    return "has no discount above 0";
  if (expiry.reason.empty() != (expiry.quality == ExpiryQuality::good))
    return "has a reason that does not fit its quality";
  return {};
}

std::string_view fault_of(MarketRow const& row, std::size_t expiries) {
  if (row.expiry >= expiries) return "has an expiry that is not in the list";
  if (to_word(row.right).empty()) return "has no right";
  if (!is_above_zero(row.strike)) return "has no strike above 0";
  if (!is_at_least_zero(row.bid)) return "has no bid of at least 0";
  if (!is_at_least_zero(row.ask)) return "has no ask of at least 0";
  if (!is_at_least_zero(row.mid)) return "has no mid of at least 0";
  if (!is_at_least_zero(row.iv)) return "has no implied volatility of at least 0";
  if (!is_lower_snake(row.iv_status)) return "has no status of its implied volatility";
  if (!has_volatility(row.iv_status) && row.iv != 0)
    return "has an implied volatility that does not fit its status";
  if (!is_at_least_zero(row.file_iv)) return "has no file volatility of at least 0";
  if (row.volume < -1) return "has a negative volume";
  if (row.open_interest < -1) return "has a negative open interest";
  return {};
}

std::string_view fault_of(RejectedRow const& row) {
  if (row.line < 1) return "has no line number";
  if (!is_lower_snake(row.reason)) return "has no reason";
  return {};
}

std::string_view fault_of_root(MarketFile const& market) {
  if (!is_utc_instant(market.as_of_utc)) return "as_of_utc is no UTC time";
  if (market.underlying.empty()) return "underlying is empty";
  if (market.spot && !is_above_zero(*market.spot)) return "spot is not above 0";
  if (to_word(market.exercise).empty()) return "exercise is unknown";
  if (market.currency.empty()) return "currency is empty";
  if (!is_above_zero(market.multiplier)) return "multiplier is not above 0";
  return {};
}

}  // namespace

bool has_volatility(std::string_view iv_status) {
  return iv_status == "ok" || iv_status == "negative_rate";
}

std::string find_fault(MarketFile const& market) {
  if (auto const fault = fault_of_root(market); !fault.empty()) return std::string(fault);
  for (std::size_t i = 0; i < market.expiries.size(); ++i)
    if (auto const fault = fault_of(market.expiries[i]); !fault.empty())
      return fmt::format("expiry {} {}", i, fault);
  for (std::size_t i = 0; i < market.rows.size(); ++i)
    if (auto const fault = fault_of(market.rows[i], market.expiries.size()); !fault.empty())
      return fmt::format("row {} {}", i, fault);
  for (std::size_t i = 0; i < market.rejected.size(); ++i)
    if (auto const fault = fault_of(market.rejected[i]); !fault.empty())
      return fmt::format("rejected row {} {}", i, fault);
  return {};
}

}  // namespace muster::io
