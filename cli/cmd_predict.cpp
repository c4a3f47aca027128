#include <fmt/core.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/csv.hpp"
#include "cli/stored_network.hpp"
#include "cli/tables_json.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/csv.hpp"
#include "jobs/train/contracts.hpp"

namespace muster::cli {
namespace {

namespace train = jobs::train;

/// One value of an input; those outside the box that was learned are no faults of form.
double number_at(std::string_view cell, train::Input const& input, std::string const& where) {
  auto const value = parse_number(trimmed(cell));
  MUSTER_REQUIRE(value, "{}: {} = {} is not a number; correct it", where, input.name, printable(cell, 40));
  double const from = input.middle - input.half, to = input.middle + input.half, slack = 1e-9 * input.half;
  MUSTER_REQUIRE(*value >= from - slack && *value <= to + slack,
                 "{}: {} = {} (outside [{:.6g}, {:.6g}], where the network learned nothing); leave the row out, or train one on a wider box",
                 where, input.name, *value, from, to);
  return *value;
}

/// Rows of a CSV file with a column an input, in any order; others are let be.
std::vector<double> values_in(std::filesystem::path const& file, train::ContractChoice const& choice, std::vector<train::Input> const& inputs) {
  auto const source = io::open_text(file);
  io::CsvReader reader(*source);
  io::CsvRecord record;
  MUSTER_REQUIRE(reader.next(record), "{} is empty (its first line names the columns); write one", file.string());
  std::vector<std::size_t> columns;
  for (auto const& input : inputs) {
    // "spot" or, as --csv writes it, "spot [strikes]".
    auto const at = std::ranges::find_if(record.fields, [&](std::string_view field) {
      return trimmed(field.substr(0, field.find('['))) == input.name;
    });
    MUSTER_REQUIRE(at != record.fields.end(), "{}:1: no column {} (an input of the network, in {}); add it", file.string(), input.name, input.unit);
    columns.push_back(static_cast<std::size_t>(at - record.fields.begin()));
  }
  std::vector<double> values;
  while (reader.next(record)) {
    if (record.fields.empty()) continue;
    auto const where = fmt::format("{}:{}", file.string(), record.line);
    auto const first = values.size();
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      MUSTER_REQUIRE(columns[j] < record.fields.size(), "{}: {} of its cells are missing; complete the row", where,
                     columns[j] + 1 - record.fields.size());
      values.push_back(number_at(record.fields[columns[j]], inputs[j], where));
    }
    train::contract_of(choice, {values.begin() + static_cast<std::ptrdiff_t>(first), values.end()});
  }
  MUSTER_REQUIRE(!values.empty(), "{} has no rows (there is nothing to price); add some", file.string());
  return values;
}

std::string text_of(Table const& table) {
  constexpr std::size_t most = 20;
  std::string text = " ";
  for (auto const& column : table.columns) text += fmt::format(" {:>13}", column.name);
  text += "\n";
  auto const rows = std::get<std::vector<double>>(table.columns.front().values).size();
  for (std::size_t i = 0; i < std::min(rows, most); ++i) {
    text += " ";
    for (auto const& column : table.columns) text += fmt::format(" {:>13.6g}", std::get<std::vector<double>>(column.values)[i]);
    text += "\n";
  }
  if (rows > most) text += fmt::format("  and {} more; --csv writes them all\n", rows - most);
  return text;
}

}  // namespace

int cmd_predict(PredictOptions const& options, Form form) {
  auto const loaded = load_network(options.result);
  auto const& contract = loaded.params.contract;
  auto const table = train::predictions_table(loaded.params, loaded.network, values_in(options.inputs, contract, train::inputs_of(contract)));
  auto said = text_of(table);
  auto json = Value::object({{"tables", to_json({table})}});
  export_csv({table}, options.csv, said, json);
  answer(form, said, json);
  return 0;
}

}  // namespace muster::cli
