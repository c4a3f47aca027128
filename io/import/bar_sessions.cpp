// Which interval, which rows, which sessions.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/bars_rules.hpp"
#include "io/import/bar_clean.hpp"
#include "io/import/bar_times.hpp"
#include "io/import/trading_calendar.hpp"

namespace muster::io {
namespace {

constexpr std::int64_t day_seconds = 86'400;

Instant instant_of(std::int64_t time) { return Instant(std::chrono::seconds(time)); }
std::int64_t midnight_new_york(Date date) { return utc_seconds(from_new_york({date, 0})); }

/// New York's dates, asked for in nearly ascending order.
class Sessions {
 public:
  explicit Sessions(BarInterval interval) : interval_(interval) {}

  Date date_of(std::int64_t time) {
    if (interval_ == BarInterval::day)
      return Date{std::chrono::floor<std::chrono::days>(instant_of(time))};
    if (time < begin_ || time >= end_) {
      date_ = to_new_york(instant_of(time)).date;
      begin_ = midnight_new_york(date_);
      end_ = midnight_new_york(std::chrono::sys_days{date_} + std::chrono::days{1});
    }
    return date_;
  }

 private:
  BarInterval interval_;
  Date date_{};
  std::int64_t begin_ = 1, end_ = 0;
};

bool are_new_york_midnights(RawBars const& raw) {
  return std::all_of(raw.rows.begin(), raw.rows.end(), [](BarRow const& row) {
    return row.time % 3600 == 0 && to_new_york(instant_of(row.time)).minute == 0;
  });
}

void make_dates(RawBars& raw) {
  for (BarRow& row : raw.rows) row.time = utc_seconds(to_new_york(instant_of(row.time)).date);
  raw.time = BarTime::date;
}

/// The greatest common divisor of the steps within a day, 0 where no symbol has two bars of a day.
std::int64_t common_step(RawBars const& raw) {
  std::vector<std::int64_t> last(raw.symbols.size(), INT64_MIN / 2);
  std::int64_t step = 0;
  for (BarRow const& row : raw.rows) {
    std::int64_t const gap = row.time - last[row.symbol];
    if (gap > 0 && gap < day_seconds / 2) step = std::gcd(step, gap);
    last[row.symbol] = row.time;
  }
  return step;
}

BarInterval interval_by_steps(RawBars const& raw) {
  std::int64_t const step = common_step(raw);
  MUSTER_REQUIRE(step != 0,
                 "{}: no symbol has two bars of one day (the interval cannot be told); say it with "
                 "--interval day, hour or minute",
                 raw.files.front());
  MUSTER_REQUIRE(step == 60 || step == 3600,
                 "{}: a bar every {} s (muster has bars of a minute, an hour or a day); fetch bars "
                 "of one of these",
                 raw.files.front(), step);
  return step == 60 ? BarInterval::minute : BarInterval::hour;
}

BarInterval interval_asked_for(std::string const& word) {
  auto const interval = interval_of(word);
  MUSTER_REQUIRE(interval.has_value(),
                 "--interval {} (must be day, hour or minute); leave it out to have it told by the "
                 "times",
                 printable(word));
  return *interval;
}

BarInterval interval_that_fits(std::string const& word, RawBars const& raw) {
  auto const interval = interval_asked_for(word);
  auto const seconds = static_cast<std::int64_t>(interval);
  std::int64_t const step = common_step(raw);
  MUSTER_REQUIRE(
      interval == BarInterval::day || step % seconds == 0,
      "--interval {}, but {} has a bar every {} s (they would be taken for longer than they "
      "are); correct it",
      word, raw.files.front(), step);
  return interval;
}

std::optional<std::int64_t> bound(std::string const& text, char const* option, int more_days,
                                  BarInterval interval) {
  if (text.empty()) return std::nullopt;
  auto const date = parse_iso_date(text);
  MUSTER_REQUIRE(date.has_value(), "{} {} (must be a date); write {} 2015-12-24", option,
                 printable(text), option);
  Date const day = std::chrono::sys_days{*date} + std::chrono::days{more_days};
  return interval == BarInterval::day ? utc_seconds(day) : midnight_new_york(day);
}

/// Which symbols are wanted, by number. Throws for one that is not there.
std::vector<bool> wanted_symbols(RawBars const& raw, std::vector<std::string> const& names) {
  std::vector<bool> wanted(raw.symbols.size(), names.empty());
  for (std::string const& name : names) {
    auto const found = std::find(raw.symbols.begin(), raw.symbols.end(), name);
    MUSTER_REQUIRE(
        found != raw.symbols.end(),
        "--symbols {}: no such symbol in the files (which have {}, {} the first); correct it",
        printable(name), raw.symbols.size(), raw.symbols.front());
    wanted[static_cast<std::size_t>(found - raw.symbols.begin())] = true;
  }
  return wanted;
}

void require_exchange_days(RawBars const& raw, std::size_t outside) {
  MUSTER_REQUIRE(outside <= 3 || outside * 50 <= raw.rows.size(),
                 "{}: {} of {} bars are on days when the New York exchanges were closed (these are "
                 "bars of something else, or their times are off); say --calendar none where there "
                 "is no such calendar",
                 raw.files.front(), outside, raw.rows.size());
}

void count_missing(std::set<Date> const& sessions, BarsReport& report) {
  if (sessions.empty()) return;
  constexpr std::size_t most_named = 5;
  Date const last = *sessions.rbegin();
  for (Date day = *sessions.begin(); day < last;
       day = std::chrono::sys_days{day} + std::chrono::days{1}) {
    if (sessions.contains(day) || !is_trading_day(day)) continue;
    ++report.sessions_missing;
    if (report.first_missing.size() < most_named) report.first_missing.push_back(to_iso(day));
  }
}

}  // namespace

BarInterval settle_interval(RawBars& raw, std::string const& asked) {
  if (raw.time == BarTime::date) {
    MUSTER_REQUIRE(
        asked.empty() || interval_asked_for(asked) == BarInterval::day,
        "--interval {}, but {} has dates without times (a day has one bar); leave it out", asked,
        raw.files.front());
    return BarInterval::day;
  }
  auto const interval = !asked.empty()                ? interval_that_fits(asked, raw)
                        : are_new_york_midnights(raw) ? BarInterval::day
                                                      : interval_by_steps(raw);
  if (interval == BarInterval::day) make_dates(raw);
  return interval;
}

void select_rows(RawBars& raw, BarsOptions const& options, BarInterval interval,
                 BarsReport& report) {
  auto const from = bound(options.from, "--from", 0, interval);
  auto const end = bound(options.to, "--to", 1, interval);
  auto const wanted = wanted_symbols(raw, options.symbols);
  report.rows_left_out = std::erase_if(raw.rows, [&](BarRow const& row) {
    return !wanted[row.symbol] || (from && row.time < *from) || (end && row.time >= *end);
  });
}

void check_calendar(RawBars& raw, BarInterval interval, BarsReport& report) {
  Sessions sessions(interval);
  std::map<Date, bool> is_session;
  std::set<Date> seen;
  std::size_t outside = 0;
  for (BarRow& row : raw.rows) {
    Date const date = sessions.date_of(row.time);
    auto const [known, is_new] = is_session.try_emplace(date, false);
    if (is_new) known->second = is_trading_day(date);
    if (known->second) {
      seen.insert(date);
      continue;
    }
    ++outside;
    if (row.drop == nullptr) BarsReport::note(report.dropped, "no_session", describe(row, raw));
    row.drop = "no_session";
  }
  require_exchange_days(raw, outside);
  count_missing(seen, report);
}

}  // namespace muster::io
