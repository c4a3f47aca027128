// Bar files: prices of many symbols over time, written by `muster import bars`, read by jobs
// (docs/formats/bars.md). Prices are raw, as traded; splits and dividends stand beside them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace muster::io {

/// The value is the seconds of a bar.
enum class BarInterval : std::uint32_t { minute = 60, hour = 3600, day = 86400 };

enum class BarStatus : std::uint8_t {
  traded = 0,
  missing = 1,     ///< no bar, or a halt
  not_listed = 2,  ///< before the symbol's first bar
  delisted = 3,    ///< no bar any more
};

/// An event that may not be what the vendor calls it.
struct BarFlag {
  std::uint32_t symbol = 0;  ///< index into Bars::symbols
  std::int64_t time = 0;     ///< of a bar, as in Bars::times
  std::string reason;        ///< lower_snake word: "dividend_like_spin_off", ...
  std::string text;          ///< the same for people
};

struct BarSource {
  std::string file;    ///< name without folder
  std::string sha256;  ///< of the file's bytes
};

/// T = size() bars of S = symbols.size() symbols. The columns are arrays [T][S]: a bar's symbols
/// lie beside each other.
struct Bars {
  std::string source;  ///< what was imported and how, for people
  std::string muster_version;
  BarInterval interval = BarInterval::day;
  std::string calendar = "us_equity";  ///< sessions; "none": there is no calendar
  std::string time_zone = "America/New_York";
  std::string currency = "USD";
  std::vector<std::string> symbols;  ///< no two alike
  /// UTC seconds, ascending: a day bar's date at 00:00 UTC, the start of a shorter bar.
  std::vector<std::int64_t> times;

  std::vector<double> open, high, low, close;  ///< in currency, as traded; NaN unless traded
  std::vector<double> volume;                  ///< shares; 0 unless traded
  /// Shares after it for each share before it; 1 = none. Takes effect before the bar's open.
  std::vector<double> split;
  /// Cash in currency for each share held after `split`, as paid then; 0 = none. Who holds the
  /// share before the bar's open has it.
  std::vector<double> dividend;
  std::vector<BarStatus> status;

  std::vector<BarFlag> flags;
  std::vector<BarSource> sources;

  std::size_t size() const { return times.size(); }
  std::size_t cells() const { return times.size() * symbols.size(); }
  std::size_t at(std::size_t bar, std::size_t symbol) const {
    return bar * symbols.size() + symbol;
  }
};

/// What one share held since the first bar has become, in shares, after the events before each
/// bar's open; [T][S]. price * factor is the forward-adjusted price: dividends are reinvested at
/// the open of their ex-date, and no value depends on a later bar. For each symbol, in IEEE double:
///
///     factor = 1, cash = 0                              at the first bar that traded, and before
///     it factor = factor * split                           at every bar after it cash   = cash +
///     factor * dividend factor = factor + cash / open, then cash = 0      where the bar traded and
///     cash is not 0
///
/// Throws Error (Exit::user) where a factor leaves 1e-12 to 1e12.
std::vector<double> forward_factor(Bars const& bars);

/// SHA-256 over what the bars say: interval, calendar, time zone, currency, symbols, times and
/// columns. Sources, flags and versions are outside (docs/formats/bars.md).
std::string bars_digest(Bars const& bars);

/// Writes the file in one step. Throws Error: Exit::environment for disk and permission, Exit::bug
/// for content that no reader would accept.
void write_bars(std::filesystem::path const& path, Bars const& bars);
/// Reads and checks structure, checksum, ranges and digest. Throws Error (Exit::user) naming what
/// is wrong.
Bars read_bars(std::filesystem::path const& path);

/// A bar file, or a market that is generated: "synthetic:symbols=20,days=2520,seed=7"
/// (synthetic_bars.hpp). Throws Error (Exit::user).
Bars open_bars(std::string const& name);

}  // namespace muster::io
