#include "io/diff.hpp"

#include <algorithm>
#include <bit>

#include "core/text.hpp"

namespace muster::io {
namespace {

constexpr std::size_t most_settings = 1000;
constexpr std::size_t digests_per_block = 1u << 16;

std::string hex_number(double value) { return fmt::format("{:a}", value); }

/// The first row in which two columns differ, as text. Floating point is compared by its bits.
template <class T>
std::optional<DatumDifference> first_row(std::vector<T> const& a, std::vector<T> const& b) {
  auto const differ = [](T const& x, T const& y) {
    if constexpr (std::is_same_v<T, double>)
      return std::bit_cast<std::uint64_t>(x) != std::bit_cast<std::uint64_t>(y);
    else
      return x != y;
  };
  for (std::size_t row = 0; row < std::min(a.size(), b.size()); ++row) {
    if (!differ(a[row], b[row])) continue;
    DatumDifference found;
    found.row = row;
    if constexpr (std::is_same_v<T, double>)
      found = {{},
               {},
               row,
               exact_number(a[row]),
               exact_number(b[row]),
               hex_number(a[row]),
               hex_number(b[row])};
    else
      found = {{}, {}, row, fmt::format("{}", a[row]), fmt::format("{}", b[row]), {}, {}};
    return found;
  }
  if (a.size() == b.size()) return std::nullopt;
  return DatumDifference{{},
                         {},
                         std::min(a.size(), b.size()),
                         fmt::format("{} rows", a.size()),
                         fmt::format("{} rows", b.size()),
                         {},
                         {}};
}

std::optional<DatumDifference> compare(Column const& a, Column const& b) {
  if (a.unit != b.unit)
    return DatumDifference{{}, {}, 0, "unit " + a.unit, "unit " + b.unit, {}, {}};
  return std::visit(
      [&](auto const& values) -> std::optional<DatumDifference> {
        auto const* others = std::get_if<std::decay_t<decltype(values)>>(&b.values);
        if (others == nullptr)
          return DatumDifference{{}, {}, 0, "another type", "another type", {}, {}};
        return first_row(values, *others);
      },
      a.values);
}

template <class T>
T const* find(std::vector<T> const& things, std::string const& name) {
  auto const found = std::ranges::find(things, name, &T::name);
  return found == things.end() ? nullptr : &*found;
}

/// `here` has something that the other has not.
DatumDifference missing(std::string const& table, std::string const& column, bool in_a) {
  return {table, column, 0, in_a ? "present" : "missing", in_a ? "missing" : "present", {}, {}};
}

std::optional<DatumDifference> compare(Table const& a, Table const& b) {
  for (Column const& column : a.columns) {
    Column const* other = find(b.columns, column.name);
    auto found = other == nullptr ? missing(a.name, column.name, true) : compare(column, *other);
    if (!found) continue;
    found->table = a.name;
    found->column = column.name;
    return found;
  }
  for (Column const& column : b.columns)
    if (find(a.columns, column.name) == nullptr) return missing(a.name, column.name, false);
  return std::nullopt;
}

std::optional<DatumDifference> compare(std::vector<Table> const& a, std::vector<Table> const& b) {
  for (Table const& table : a) {
    if (!is_answer(table)) continue;
    Table const* other = find(b, table.name);
    auto found = other == nullptr ? missing(table.name, {}, true) : compare(table, *other);
    if (found) return found;
  }
  for (Table const& table : b)
    if (is_answer(table) && find(a, table.name) == nullptr) return missing(table.name, {}, false);
  return std::nullopt;
}

void compare_digests(ResultFile const& a, ResultFile const& b, ResultDiff& diff) {
  std::uint64_t const both = std::min(diff.a_tiles, diff.b_tiles);
  std::vector<TileDigest> of_a, of_b;
  for (std::uint64_t first = 0; first < both; first += of_a.size()) {
    of_a.resize(std::min<std::uint64_t>(both - first, digests_per_block));
    of_b.resize(of_a.size());
    a.read_digests(first, of_a);
    b.read_digests(first, of_b);
    for (std::size_t i = 0; i < of_a.size(); ++i) {
      if (of_a[i] == of_b[i]) continue;
      ++diff.differing_tiles;
      if (!diff.first_tile) diff.first_tile = first + i;
    }
  }
}

void compare_sums(Slots const& a, Slots const& b, ResultDiff& diff) {
  auto const [at, unused] = std::ranges::mismatch(a, b);
  static_cast<void>(unused);
  auto const slot = static_cast<std::uint64_t>(at - a.begin());
  if (slot < a.size() || a.size() != b.size()) diff.first_sum = slot;
}

}  // namespace

ResultDiff diff_results(ResultFile const& a, ResultFile const& b) {
  ResultDiff diff;
  diff.a_digest = a.result().result_digest;
  diff.b_digest = b.result().result_digest;
  diff.same_digest = diff.a_digest == diff.b_digest;
  diff.same_arithmetic = a.result().arithmetic_version == b.result().arithmetic_version;
  diff.settings = diff_settings(a.result().resolved_text, b.result().resolved_text);
  if (diff.settings.size() > most_settings) {
    diff.settings_left_out = diff.settings.size() - most_settings;
    diff.settings.resize(most_settings);
  }
  diff.a_tiles = a.result().tiles;
  diff.b_tiles = b.result().tiles;
  compare_digests(a, b, diff);
  compare_sums(a.result().sums, b.result().sums, diff);
  diff.datum = compare(a.result().tables, b.result().tables);
  return diff;
}

}  // namespace muster::io
