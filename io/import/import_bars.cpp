#include "io/import/import_bars.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "io/bars_rules.hpp"
#include "io/import/bar_clean.hpp"
#include "io/import/bar_grid.hpp"
#include "io/import/raw_input.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

using Sources = std::vector<std::unique_ptr<TextSource>>;

BarHints hints_of(BarsOptions const& options) {
  BarHints hints;
  hints.symbol = options.symbol;
  MUSTER_REQUIRE(options.symbol.empty() || is_bar_symbol(options.symbol),
                 "--symbol {} (must be 1 to 32 visible characters); write --symbol SPY",
                 printable(options.symbol));
  if (options.date.empty()) return hints;
  hints.date = parse_iso_date(options.date);
  MUSTER_REQUIRE(hints.date.has_value(), "--date {} (must be a date); write --date 2015-12-24",
                 printable(options.date));
  return hints;
}

void require_currency(std::string const& text) {
  bool const is_currency = text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) {
                             return c >= 'A' && c <= 'Z';
                           });
  MUSTER_REQUIRE(is_currency, "--currency {} (three capital letters name one); write USD",
                 printable(text));
}

RawBars read_rows(Sources const& sources, BarsOptions const& options, BarsReport& report) {
  RawBars raw;
  BarHints const hints = hints_of(options);
  BarSink sink(raw, report, options.limits, hints);
  read_bar_rows(sources, sink);
  MUSTER_REQUIRE(!raw.rows.empty(),
                 "{}: no row that can be read, of {} (there is nothing to import); check the "
                 "download",
                 raw.files.front(), report.rows_read);
  if (raw.unfinished > 0 && raw.unfinished == raw.pages)
    report.notes.push_back(
        "Every page names a next one: bars after the last page given are missing.");
  return raw;
}

void note_events(RawBars const& raw, BarsOptions const& options, BarsReport& report) {
  if (raw.has_events || !options.factors.empty()) return;
  report.notes.push_back(
      "The files say nothing of splits and dividends: none are booked, and a split looks like a "
      "jump of the price. LEAN's factor files can be given with --factors.");
}

std::string source_of(RawBars const& raw) {
  std::string text = raw.layout + ":";
  for (std::size_t i = 0; i < raw.files.size() && i < 20; ++i)
    text += (i > 0 ? ", " : " ") + std::filesystem::path(raw.files[i]).filename().string();
  if (raw.files.size() > 20) text += fmt::format(" and {} more", raw.files.size() - 20);
  return clean_text(text);
}

SymbolReport report_of(Bars const& bars, std::size_t symbol) {
  SymbolReport report;
  report.symbol = bars.symbols[symbol];
  std::size_t gap = 0;
  for (std::size_t t = 0; t < bars.size(); ++t) {
    std::size_t const i = bars.at(t, symbol);
    report.splits += bars.split[i] != 1;
    report.dividends += bars.dividend[i] != 0;
    ++gap;
    if (bars.status[i] != BarStatus::traded) continue;
    if (report.bars++ == 0)
      report.first = time_text(bars.times[t], bars.interval);
    else
      report.missing += gap - 1;
    report.last = time_text(bars.times[t], bars.interval);
    gap = 0;
  }
  return report;
}

void report_bars(Bars const& bars, BarsReport& report) {
  for (std::size_t s = 0; s < bars.symbols.size(); ++s)
    report.symbols.push_back(report_of(bars, s));
  for (BarFlag const& flag : bars.flags) {
    ++report.flags[flag.reason];
    ++report.symbols[flag.symbol].flags;
  }
}

std::string digest_of(std::filesystem::path const& path) {
  Sha256 hash;
  auto const input = open_raw(path);
  for (auto chunk = input->next_chunk(); !chunk.empty(); chunk = input->next_chunk())
    hash.update(chunk);
  return hash.hex();
}

Sources open_all(std::vector<std::filesystem::path> const& paths, std::uint64_t most_bytes) {
  Sources sources;
  for (auto const& path : paths) sources.push_back(open_text(path, most_bytes));
  return sources;
}

void add_sources(Bars& bars, std::vector<std::filesystem::path> const& paths) {
  for (auto const& path : paths)
    bars.sources.push_back({clean_text(path.filename().string()), digest_of(path)});
}

}  // namespace

BarsReport report_on(Bars const& bars) {
  BarsReport report;
  report_bars(bars, report);
  return report;
}

ImportedBars import_bars(Sources const& sources, Sources const& factors,
                         BarsOptions const& options) {
  ImportedBars result;
  BarsReport& report = result.report;
  require_currency(options.currency);
  RawBars raw = read_rows(sources, options, report);
  BarInterval const interval = settle_interval(raw, options.interval);
  if (factors.empty()) require_raw_prices(raw, interval);
  select_rows(raw, options, interval, report);
  clean_rows(raw, report);
  if (options.calendar == BarCalendar::us_equity) check_calendar(raw, interval, report);
  sort_rows(raw, report);

  BarGrid grid = make_grid(raw, interval);
  add_factor_events(grid.bars, read_factors(factors));
  flag_events(grid);
  Bars& bars = grid.bars;
  bars.source = source_of(raw);
  bars.calendar = options.calendar == BarCalendar::us_equity ? "us_equity" : "none";
  bars.currency = options.currency;
  note_events(raw, options, report);
  report_bars(bars, report);
  std::string const fault = find_fault(bars);
  MUSTER_ASSERT(fault.empty(), "imported bars: {}", fault);
  result.bars = std::move(bars);
  return result;
}

ImportedBars import_bars(std::vector<std::filesystem::path> const& paths,
                         BarsOptions const& options) {
  auto result = import_bars(open_all(paths, options.limits.bytes),
                            open_all(options.factors, options.limits.bytes), options);
  add_sources(result.bars, paths);
  add_sources(result.bars, options.factors);
  return result;
}

}  // namespace muster::io
