#include "io/import/as_of.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "io/import/trading_calendar.hpp"

namespace muster::io {
namespace {

void require_one_day(RawChain const& chain) {
  for (Instant const time : chain.downloads) {
    Date const day = to_new_york(quotes_as_of(time)).date,
               first = to_new_york(quotes_as_of(chain.downloads[0])).date;
    MUSTER_REQUIRE(day == first,
                   "the files show the quotes of {} and of {} (a chain is one moment); import each "
                   "day by itself",
                   to_iso(first), to_iso(day));
  }
}

std::optional<Date> newest_quote_date(RawChain const& chain) {
  std::optional<Date> newest;
  for (auto const& quote : chain.quotes)
    if (quote.quote_date && quote.fault == QuoteFault::none &&
        (!newest || *quote.quote_date > *newest))
      newest = quote.quote_date;
  return newest;
}

}  // namespace

AsOf resolve_as_of(RawChain const& chain, std::string const& wanted) {
  if (!wanted.empty()) {
    Instant const time = parse_instant(wanted);
    return {time, fmt::format("Quotes are taken as of {}, as asked.", to_new_york_text(time))};
  }
  if (auto const date = newest_quote_date(chain)) {
    Date const day = trading_day_on_or_before(*date);
    Instant const close = from_new_york({day, close_minute(day)});
    return {close, fmt::format("Quotes are taken as of {}, the close of the newest quote date.",
                               to_new_york_text(close))};
  }
  MUSTER_REQUIRE(
      chain.seen.has_value(),
      "{}: shows no time that muster can read (time to expiry needs one); give it, as in --as-of "
      "\"2023-09-14 16:00 America/New_York\"",
      chain.files.front());
  require_one_day(chain);
  Instant const time = quotes_as_of(*chain.seen);
  std::string const seen = to_new_york_text(*chain.seen);
  if (time == std::chrono::floor<std::chrono::minutes>(*chain.seen))
    return {time, fmt::format("Quotes are taken as of {}, the time in the file.", seen)};
  return {time, fmt::format("The newest time in the file is {}, with the exchange shut; quotes are "
                            "taken as of the last "
                            "close, {}.",
                            seen, to_new_york_text(time))};
}

}  // namespace muster::io
