#include "cli/tables_json.hpp"

namespace muster::cli {
namespace {

Value values_json(Column const& column) {
  Value::Array values;
  std::visit([&values](auto const& all) { values.assign(all.begin(), all.end()); }, column.values);
  return values;
}

}  // namespace

Value to_json(std::vector<Table> const& tables) {
  Value::Array all;
  for (auto const& table : tables) {
    Value::Array columns;
    for (auto const& column : table.columns)
      columns.push_back(
          Value::object({{"name", column.name}, {"unit", column.unit}, {"values", values_json(column)}}));
    all.push_back(Value::object(
        {{"name", table.name}, {"description", table.description}, {"columns", std::move(columns)}}));
  }
  return all;
}

}  // namespace muster::cli
