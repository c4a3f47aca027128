// Result tables, row by row.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/table.hpp"

namespace muster::jobs {

/// Grows a table row by row; columns stand in the order of their first value.
class Rows {
 public:
  Rows(std::string name, std::string description) : table_{std::move(name), std::move(description), {}} {}
  void put(std::string_view column, std::string_view unit, double value) { values<double>(column, unit).push_back(value); }
  void put(std::string_view column, std::string_view unit, std::uint64_t value) {
    values<std::int64_t>(column, unit).push_back(static_cast<std::int64_t>(value));
  }
  void put(std::string_view column, std::string value) { values<std::string>(column, "").push_back(std::move(value)); }
  Table take() { return std::move(table_); }

 private:
  template <class T>
  std::vector<T>& values(std::string_view name, std::string_view unit) {
    auto at = std::ranges::find(table_.columns, name, &Column::name);
    if (at == table_.columns.end())
      at = table_.columns.insert(at, {std::string(name), std::string(unit), std::vector<T>{}});
    return std::get<std::vector<T>>(at->values);
  }
  Table table_;
};

/// Null where there is none of the name.
inline Table const* find_table(std::vector<Table> const& tables, std::string_view name) {
  auto const at = std::ranges::find(tables, name, &Table::name);
  return at == tables.end() ? nullptr : &*at;
}

/// A column's values. The table must have it.
template <class Value>
std::vector<Value> const& column(Table const& table, std::string_view name) {
  return std::get<std::vector<Value>>(std::ranges::find(table.columns, name, &Column::name)->values);
}

/// Of a table of figures: the `value` beside one of the names in `figure`, which must be there.
inline double figure_in(Table const& table, std::string_view name) {
  auto const& names = column<std::string>(table, "figure");
  return column<double>(table, "value")[static_cast<std::size_t>(std::ranges::find(names, name) - names.begin())];
}

}  // namespace muster::jobs
