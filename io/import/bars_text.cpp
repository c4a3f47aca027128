// The report of an import of bars, for a terminal.
#include <fmt/core.h>

#include "core/text.hpp"
#include "io/bars_rules.hpp"
#include "io/import/bar_clean.hpp"
#include "io/import/import_bars.hpp"

namespace muster::io {
namespace {

constexpr std::size_t most_flags = 24, most_symbols_shown = 12;

std::string kinds_text(char const* title, std::map<std::string, RowNotes> const& kinds) {
  std::string text;
  for (auto const& [reason, notes] : kinds) {
    text += fmt::format("{:<9} {} {}\n", title, notes.count, reason);
    for (std::string const& example : notes.examples)
      text += fmt::format("            {}\n", example);
  }
  return text;
}

std::string calendar_text(BarsReport const& report, Bars const& bars) {
  if (bars.calendar == "none") return "calendar  none\n";
  if (report.sessions_missing == 0)
    return fmt::format("calendar  {}, no session missing\n", bars.calendar);
  std::string days;
  for (std::string const& day : report.first_missing) days += (days.empty() ? "" : ", ") + day;
  bool const is_cut = report.sessions_missing > report.first_missing.size();
  return fmt::format("calendar  {}, {} sessions missing: {}{}\n", bars.calendar,
                     report.sessions_missing, days, is_cut ? ", ..." : "");
}

std::string flags_text(BarsReport const& report, Bars const& bars) {
  if (bars.flags.empty()) return {};
  std::string text = "flags    ";
  for (auto const& [reason, count] : report.flags) text += fmt::format(" {} {}", count, reason);
  text += "\n";
  for (std::size_t i = 0; i < bars.flags.size() && i < most_flags; ++i)
    text += fmt::format("  {}\n", printable(bars.flags[i].text, 200));
  if (bars.flags.size() > most_flags)
    text += fmt::format("  ... and {} more in the file\n", bars.flags.size() - most_flags);
  return text;
}

std::string symbols_text(std::vector<SymbolReport> const& symbols) {
  if (symbols.size() > most_symbols_shown) return {};
  std::string text =
      fmt::format("{:<12}{:>9}  {:<22}{:<22}{:>8}{:>8}{:>10}{:>7}\n", "symbol", "bars", "first",
                  "last", "missing", "splits", "dividends", "flags");
  for (SymbolReport const& one : symbols)
    text += fmt::format("{:<12}{:>9}  {:<22}{:<22}{:>8}{:>8}{:>10}{:>7}\n", one.symbol, one.bars,
                        one.first, one.last, one.missing, one.splits, one.dividends, one.flags);
  return text;
}

std::string totals_text(BarsReport const& report, Bars const& bars) {
  SymbolReport sum;
  for (SymbolReport const& one : report.symbols) {
    sum.bars += one.bars;
    sum.missing += one.missing;
    sum.splits += one.splits;
    sum.dividends += one.dividends;
  }
  return fmt::format("bars      {}: {} symbols, {} times from {} to {}\n", to_word(bars.interval),
                     bars.symbols.size(), bars.size(), time_text(bars.times.front(), bars.interval),
                     time_text(bars.times.back(), bars.interval)) +
         fmt::format("          {} bars, {} missing between, {} splits, {} dividends\n", sum.bars,
                     sum.missing, sum.splits, sum.dividends);
}

}  // namespace

std::string to_text(BarsReport const& report, Bars const& bars) {
  std::string text;
  for (std::string const& note : report.notes) text += note + "\n";
  text += totals_text(report, bars) + calendar_text(report, bars);
  text += kinds_text("dropped", report.dropped) + kinds_text("mended", report.mended);
  return text + flags_text(report, bars) + symbols_text(report.symbols);
}

}  // namespace muster::io
