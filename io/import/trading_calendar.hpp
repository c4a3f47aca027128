// When the New York exchanges trade: days, closing times, the last close before an instant.
#pragma once

#include "io/import/clock.hpp"

namespace muster::io {

/// Holidays by rule (New York Stock Exchange, since 1998) and the special closures listed in the
/// .cpp.
bool is_trading_day(Date date);
/// `date` itself when it is a trading day, else the last one before it.
Date trading_day_on_or_before(Date date);
Date trading_day_before(Date date);
/// Minutes after midnight in New York: 16:00, or 13:00 on the eves that close early.
int close_minute(Date trading_day);
inline constexpr int open_minute = 9 * 60 + 30;

/// The instant whose quotes someone sees at `seen`: `seen` itself (to the minute) while the
/// exchange is open, else the last close before it.
Instant quotes_as_of(Instant seen);

}  // namespace muster::io
