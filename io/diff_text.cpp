#include <algorithm>

#include "core/text.hpp"
#include "io/diff.hpp"

namespace muster::io {
namespace {

constexpr std::size_t shown_settings = 20;
constexpr std::size_t shown_bytes = 100;

std::string shown(std::optional<std::string> const& value) {
  return value ? printable(*value, shown_bytes) : "(not set)";
}

std::string describe_settings(ResultDiff const& diff) {
  std::string text;
  std::size_t const count = std::min(diff.settings.size(), shown_settings);
  for (std::size_t i = 0; i < count; ++i) {
    SettingDifference const& setting = diff.settings[i];
    text += fmt::format("setting {}: {} | {}\n", printable(setting.key, shown_bytes),
                        shown(setting.a), shown(setting.b));
  }
  std::uint64_t const more = diff.settings.size() - count + diff.settings_left_out;
  if (more > 0) text += fmt::format("and {} more settings\n", more);
  return text;
}

std::string describe_tiles(ResultDiff const& diff) {
  std::string text;
  if (diff.a_tiles != diff.b_tiles)
    text += fmt::format("tiles: {} | {}\n", human_count(diff.a_tiles), human_count(diff.b_tiles));
  if (diff.first_tile)
    text += fmt::format("tile digests: {} of {} differ, the first is tile {}\n",
                        human_count(diff.differing_tiles),
                        human_count(std::min(diff.a_tiles, diff.b_tiles)), *diff.first_tile);
  if (diff.first_sum)
    text += fmt::format("sums: the first that differs is slot {}\n", *diff.first_sum);
  return text;
}

std::string describe_datum(DatumDifference const& datum) {
  std::string const place =
      datum.column.empty() ? fmt::format("table {}", datum.table)
                           : fmt::format("{}.{}, row {}", datum.table, datum.column, datum.row);
  std::string text = fmt::format("first datum: {}: {} | {}", place, printable(datum.a, shown_bytes),
                                 printable(datum.b, shown_bytes));
  if (!datum.a_hex.empty()) text += fmt::format(" ({} | {})", datum.a_hex, datum.b_hex);
  return text + "\n";
}

}  // namespace

std::string describe(ResultDiff const& diff, std::string const& a_name, std::string const& b_name) {
  if (diff.same())
    return fmt::format("{} and {} hold the same answer, bit for bit ({})\n", a_name, b_name,
                       diff.a_digest);
  std::string text =
      fmt::format("{} | {}\nresult digest: {} | {}{}\n", a_name, b_name, diff.a_digest,
                  diff.b_digest, diff.same_digest ? " (the same)" : "");
  if (!diff.same_arithmetic)
    text +=
        "arithmetic version: differs, so that other bits are expected; compare results of one "
        "release\n";
  text += describe_settings(diff) + describe_tiles(diff);
  if (diff.datum) text += describe_datum(*diff.datum);
  return text;
}

}  // namespace muster::io
