#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "jobs/price/results.hpp"

namespace muster::jobs::price {
namespace {

constexpr std::size_t most_rows = 12;

template <class Value>
std::vector<Value> const* find(Table const& table, std::string_view name) {
  for (auto const& column : table.columns)
    if (column.name == name) return std::get_if<std::vector<Value>>(&column.values);
  return nullptr;
}

std::string number(double value) { return std::isnan(value) ? "-" : fmt::format("{:.6f}", value); }

/// Rows of the contracts table to show: the worst standard errors first, else the first rows.
std::vector<std::size_t> chosen_rows(Table const& contracts) {
  auto const* const errors = find<double>(contracts, "price_stderr");
  auto const* const names = find<std::string>(contracts, "name");
  std::vector<std::size_t> rows(names->size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  if (rows.size() <= most_rows) return rows;
  if (errors != nullptr)
    std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return (*errors)[a] > (*errors)[b]; });
  rows.resize(most_rows);
  return rows;
}

std::string line(std::string_view name, double const* value, double const* error, double const* closed) {
  std::string text = fmt::format("  {:<30.30}", name);
  if (value != nullptr) text += fmt::format(" {:>16}", number(*value));
  if (error != nullptr) text += fmt::format(" {:>12}", number(*error));
  if (closed != nullptr) text += fmt::format(" {:>16}", number(*closed));
  if (value != nullptr && error != nullptr && closed != nullptr && *error > 0 && !std::isnan(*closed))
    text += fmt::format(" {:>7.2f}", (*value - *closed) / *error);
  return text + "\n";
}

std::string header(std::string_view title, bool simulated, bool closed) {
  std::string text = fmt::format("  {:<30}", title);
  if (simulated) text += fmt::format(" {:>16} {:>12}", "Monte Carlo", "std error");
  if (closed) text += fmt::format(" {:>16}", "closed form");
  if (simulated && closed) text += fmt::format(" {:>7}", "z");
  return text + "\n";
}

std::string rows_of(Table const& table, std::string_view value, std::string_view closed, std::vector<std::size_t> const& rows) {
  auto const* const names = find<std::string>(table, "name");
  auto const* const values = find<double>(table, value);
  auto const* const errors = find<double>(table, std::string(value) + "_stderr");
  auto const* const exact = find<double>(table, closed);
  std::string text;
  for (std::size_t i : rows)
    text += line((*names)[i], errors != nullptr ? &(*values)[i] : nullptr, errors != nullptr ? &(*errors)[i] : nullptr,
                 exact != nullptr ? &(*exact)[i] : nullptr);
  return text;
}

/// A line for each derivative of the book: the last row of the totals.
std::string book_derivatives(Table const& totals) {
  std::string text;
  std::size_t const book = find<std::string>(totals, "name")->size() - 1;
  for (std::size_t m = 0; m < measure_count; ++m) {
    std::string const name(name_of(static_cast<Measure>(m)));
    auto const* const values = find<double>(totals, name);
    auto const* const errors = find<double>(totals, name + "_stderr");
    auto const* const exact = find<double>(totals, "closed_" + name);
    auto const at = [&](std::vector<double> const* column) { return column == nullptr ? nullptr : &(*column)[book]; };
    if (values == nullptr && exact == nullptr) continue;
    if (std::isnan(at(values) != nullptr ? *at(values) : *at(exact))) continue;  // by several assets
    text += line("  " + name, at(values), at(errors), at(exact));
  }
  return text;
}

}  // namespace

std::string make_summary(Params const& params, std::vector<Table> const& tables) {
  Table const* contracts = nullptr;
  Table const* totals = nullptr;
  for (auto const& table : tables) {
    if (table.name == "contracts") contracts = &table;
    if (table.name == "totals") totals = &table;
  }
  if (contracts == nullptr || totals == nullptr) return "";
  bool const simulated = find<double>(*contracts, "price_stderr") != nullptr;
  bool const closed = find<double>(*contracts, "closed_price") != nullptr;
  auto const rows = chosen_rows(*contracts);
  std::size_t const all = find<std::string>(*contracts, "name")->size();
  std::string text = fmt::format("{}: {} instruments", params.name, all);
  if (auto const* paths = find<std::int64_t>(*contracts, "paths"); paths != nullptr && !paths->empty())
    text += fmt::format(", {} paths", paths->front());
  text += fmt::format(", in {}\n", params.market.currency);
  text += header(rows.size() < all ? "largest standard errors" : "instrument", simulated, closed);
  text += rows_of(*contracts, "price", "closed_price", rows);
  if (rows.size() < all) text += fmt::format("  ... and {} more in the result file\n", all - rows.size());
  std::vector<std::size_t> total_rows(find<std::string>(*totals, "name")->size());
  std::iota(total_rows.begin(), total_rows.end(), std::size_t{0});
  if (total_rows.size() > most_rows) total_rows.erase(total_rows.begin(), total_rows.end() - most_rows);
  text += header("total", simulated, closed);
  text += rows_of(*totals, "value", "closed_value", total_rows);
  return text + book_derivatives(*totals);
}

}  // namespace muster::jobs::price
