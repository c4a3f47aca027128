// Result tables: what a job returns, what io writes, what the terminal and --csv print.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster {

/// One column; `unit` is "1" for pure numbers and "" for text.
struct Column {
  std::string name;
  std::string unit;
  std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>> values;
};

/// Columns of equal length.
struct Table {
  std::string name;         ///< lower_snake, unique in a result; the HDF5 group's name
  std::string description;  ///< one sentence for people
  std::vector<Column> columns;
};

/// The table that tells what other runs have done: no part of the answer, so nobody recomputes or compares it.
inline constexpr std::string_view looks_table = "looks";
inline bool is_answer(Table const& table) { return table.name != looks_table; }

}  // namespace muster
