#include <bit>
#include <limits>

#include "core/error.hpp"
#include "io/bars.hpp"
#include "io/bars_rules.hpp"
#include "io/document.hpp"
#include "io/document_writer.hpp"

namespace muster::io {
namespace {

constexpr auto one_nan = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN());

/// Of the many NaN there is one in a bar file, else its digest would not be a function of what it
/// says.
bool has_odd_nan(std::vector<double> const& prices) {
  for (double const price : prices)
    if (price != price && std::bit_cast<std::uint64_t>(price) != one_nan) return true;
  return false;
}

std::string find_file_fault(Bars const& bars) {
  std::string fault = find_fault(bars);
  if (!fault.empty()) return fault;
  for (auto const* prices : {&bars.open, &bars.high, &bars.low, &bars.close})
    if (has_odd_nan(*prices)) return "a price is a NaN other than 0x7ff8000000000000";
  return {};
}

std::vector<std::uint8_t> numbers_of(std::vector<BarStatus> const& status) {
  std::vector<std::uint8_t> numbers;
  numbers.reserve(status.size());
  for (BarStatus const one : status) numbers.push_back(static_cast<std::uint8_t>(one));
  return numbers;
}

std::vector<BarStatus> status_of(std::vector<std::uint8_t> const& numbers) {
  std::vector<BarStatus> status;
  status.reserve(numbers.size());
  for (std::uint8_t const one : numbers) status.push_back(static_cast<BarStatus>(one));
  return status;
}

template <class To, class Record, class Get>
std::vector<To> member_column(std::vector<Record> const& records, Get get) {
  std::vector<To> values;
  for (Record const& record : records) values.push_back(static_cast<To>(get(record)));
  return values;
}

void write_root(DocumentWriter& out, Bars const& bars) {
  out.attribute("/", "source", bars.source);
  out.attribute("/", "muster_version", bars.muster_version);
  out.attribute("/", "digest", bars_digest(bars));
  out.attribute("/", "interval", to_word(bars.interval));
  out.attribute("/", "calendar", bars.calendar);
  out.attribute("/", "time_zone", bars.time_zone);
  out.attribute("/", "currency", bars.currency);
}

void write_columns(DocumentWriter& out, Bars const& bars) {
  std::string const& price = bars.currency;
  std::size_t const width = bars.symbols.size();
  out.group("/bars");
  out.column("/symbol", "", bars.symbols);
  out.column("/time", "s", bars.times);
  out.matrix("/bars/open", price, bars.open, width);
  out.matrix("/bars/high", price, bars.high, width);
  out.matrix("/bars/low", price, bars.low, width);
  out.matrix("/bars/close", price, bars.close, width);
  out.matrix("/bars/volume", "share", bars.volume, width);
  out.matrix("/bars/split", "1", bars.split, width);
  out.matrix("/bars/dividend", price, bars.dividend, width);
  out.matrix("/bars/status", "1", numbers_of(bars.status), width);
}

void write_flags(DocumentWriter& out, std::vector<BarFlag> const& all) {
  using Flag = BarFlag;
  out.group("/flags");
  out.column("/flags/symbol", "index",
             member_column<std::int64_t>(all, [](Flag const& f) { return f.symbol; }));
  out.column("/flags/time", "s",
             member_column<std::int64_t>(all, [](Flag const& f) { return f.time; }));
  out.column("/flags/reason", "",
             member_column<std::string>(all, [](Flag const& f) { return f.reason; }));
  out.column("/flags/text", "",
             member_column<std::string>(all, [](Flag const& f) { return f.text; }));
}

void write_sources(DocumentWriter& out, std::vector<BarSource> const& all) {
  using Source = BarSource;
  out.group("/sources");
  out.column("/sources/file", "",
             member_column<std::string>(all, [](Source const& s) { return s.file; }));
  out.column("/sources/sha256", "",
             member_column<std::string>(all, [](Source const& s) { return s.sha256; }));
}

std::vector<BarFlag> read_flags(Document const& in) {
  std::uint64_t const rows = in.shape("/flags/symbol").rows();
  auto const symbol = in.column_of<std::int64_t>("/flags/symbol", rows);
  auto const time = in.column_of<std::int64_t>("/flags/time", rows);
  auto const reason = in.column_of<std::string>("/flags/reason", rows);
  auto const text = in.column_of<std::string>("/flags/text", rows);
  std::vector<BarFlag> flags(rows);
  for (std::size_t i = 0; i < flags.size(); ++i) {
    bool const is_index = symbol[i] >= 0 && symbol[i] < static_cast<std::int64_t>(most_bar_symbols);
    if (!is_index) in.refuse("/flags/symbol", "holds a number that is no index");
    flags[i] = {static_cast<std::uint32_t>(symbol[i]), time[i], reason[i], text[i]};
  }
  return flags;
}

std::vector<BarSource> read_sources(Document const& in) {
  std::uint64_t const rows = in.shape("/sources/file").rows();
  auto const file = in.column_of<std::string>("/sources/file", rows);
  auto const sha256 = in.column_of<std::string>("/sources/sha256", rows);
  std::vector<BarSource> sources(rows);
  for (std::size_t i = 0; i < sources.size(); ++i) sources[i] = {file[i], sha256[i]};
  return sources;
}

void read_root(Document const& in, Bars& bars) {
  bars.source = in.text_attribute("/", "source");
  bars.muster_version = in.text_attribute("/", "muster_version");
  auto const interval = interval_of(in.text_attribute("/", "interval"));
  if (!interval) in.refuse("/", "has an interval that muster does not know");
  bars.interval = *interval;
  bars.calendar = in.text_attribute("/", "calendar");
  bars.time_zone = in.text_attribute("/", "time_zone");
  bars.currency = in.text_attribute("/", "currency");
}

void read_columns(Document const& in, Bars& bars) {
  bars.symbols = in.column_of<std::string>("/symbol", in.shape("/symbol").rows());
  bars.times = in.column_of<std::int64_t>("/time", in.shape("/time").rows());
  std::uint64_t const height = bars.times.size(), width = bars.symbols.size();
  if (width == 0 || height > most_bar_cells / width)
    in.refuse("/time", fmt::format("makes bars of {} times and {} symbols", height, width));
  auto const prices = [&](char const* name) {
    return in.matrix_of<double>(std::string("/bars/") + name, height, width);
  };
  bars.open = prices("open");
  bars.high = prices("high");
  bars.low = prices("low");
  bars.close = prices("close");
  bars.volume = prices("volume");
  bars.split = prices("split");
  bars.dividend = prices("dividend");
  bars.status = status_of(in.matrix_of<std::uint8_t>("/bars/status", height, width));
}

}  // namespace

void write_bars(std::filesystem::path const& path, Bars const& bars) {
  std::string const fault = find_file_fault(bars);
  MUSTER_ASSERT(fault.empty(), "bar file {}: {}", path.string(), fault);
  DocumentWriter out(path, bars_filetype, bars_major_version, bars_minor_version);
  write_root(out, bars);
  write_columns(out, bars);
  write_flags(out, bars.flags);
  write_sources(out, bars.sources);
  out.finish();
}

Bars read_bars(std::filesystem::path const& path) {
  Document const in(path, bars_filetype, bars_major_version);
  Bars bars;
  read_root(in, bars);
  read_columns(in, bars);
  bars.flags = read_flags(in);
  bars.sources = read_sources(in);
  if (std::string const fault = find_file_fault(bars); !fault.empty())
    in.refuse("", "says that " + fault);
  if (in.text_attribute("/", "digest") != bars_digest(bars))
    in.refuse("/", "has a digest that does not fit its bars");
  return bars;
}

}  // namespace muster::io
