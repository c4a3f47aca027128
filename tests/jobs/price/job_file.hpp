// Small job files to test with.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "jobs/price/parse.hpp"
#include "jobs/price/render.hpp"

namespace muster::jobs::price {

inline constexpr std::string_view one_asset = R"(kind = "price"
[market]
rate = 0.05
[[market.asset]]
name = "A"
spot = 100.0
volatility = 0.2
)";

inline constexpr std::string_view dated_asset = R"(kind = "price"
[market]
rate = 0.05
valuation = 2026-01-02T21:00:00Z
[[market.asset]]
name = "A"
spot = 100.0
volatility = 0.2
)";

inline constexpr std::string_view three_assets = R"(kind = "price"
[market]
correlation = [{ a = "A", b = "B", value = 0.5 }]
[[market.asset]]
name = "A"
spot = 100.0
volatility = 0.2
[[market.asset]]
name = "B"
spot = 50.0
volatility = 0.3
[[market.asset]]
name = "C"
spot = 10.0
volatility = 0.4
)";

inline constexpr std::string_view a_call = R"([[instrument]]
kind = "european"
right = "call"
strike = 100.0
expiry_years = 1.0
)";

inline constexpr std::string_view asset_call = R"([[instrument]]
kind = "european"
asset = "A"
right = "call"
strike = 100.0
expiry_years = 1.0
)";

template <class... Parts>
std::string joined(Parts const&... parts) {
  std::string text;
  ((text += parts), ...);
  return text;
}

inline Params parsed(std::string_view text, ParseOptions const& options = {}) {
  return parse_params(text, "job.toml", options);
}

/// The whole message a job file is refused with; "accepted" when it is not.
inline std::string refusal(std::string_view text, std::vector<std::string> const& overrides = {}) {
  ParseOptions options;
  options.overrides = overrides;
  try {
    parsed(text, options);
  } catch (Error const& error) {
    return error.code() == Exit::user ? error.what() : "wrong exit code";
  }
  return "accepted";
}

/// The message without its place: a test that means one fault says it exactly.
inline std::string fault(std::string_view text) {
  std::string const message = refusal(text);
  std::size_t const colon = message.find(": ");
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

}  // namespace muster::jobs::price
