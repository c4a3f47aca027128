// Dates and times as bar files write them; private to import_bars.
#pragma once

#include <optional>
#include <string_view>

#include "io/import/clock.hpp"

namespace muster::io {

/// "20151224" at the front.
std::optional<Date> bare_date(std::string_view text);
/// "20151224 09:30", New York's.
std::optional<LocalTime> lean_time(std::string_view text);

std::int64_t utc_seconds(Instant instant);
/// Of its 00:00 UTC.
std::int64_t utc_seconds(Date date);

}  // namespace muster::io
