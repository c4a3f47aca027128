#include "cli/commands.hpp"
#include "io/diff.hpp"

namespace muster::cli {
namespace {

constexpr int exit_different = 1;  // as diff(1) has it

template <class Number>
Value or_null(std::optional<Number> const& value) {
  return value ? Value(*value) : Value();
}

Value datum_json(io::DatumDifference const& datum) {
  return Value::object({{"table", datum.table},
                        {"column", datum.column},
                        {"row", datum.row},
                        {"a", datum.a},
                        {"b", datum.b},
                        {"a_hex", datum.a_hex},
                        {"b_hex", datum.b_hex}});
}

Value to_json(io::ResultDiff const& found) {
  Value::Array settings;
  for (auto const& setting : found.settings)
    settings.push_back(Value::object(
        {{"key", setting.key}, {"a", or_null(setting.a)}, {"b", or_null(setting.b)}}));
  return Value::object({{"same", found.same()},
                        {"same_digest", found.same_digest},
                        {"same_arithmetic_version", found.same_arithmetic},
                        {"a_digest", found.a_digest},
                        {"b_digest", found.b_digest},
                        {"settings", std::move(settings)},
                        {"settings_left_out", found.settings_left_out},
                        {"a_tiles", found.a_tiles},
                        {"b_tiles", found.b_tiles},
                        {"differing_tiles", found.differing_tiles},
                        {"first_tile", or_null(found.first_tile)},
                        {"first_sum", or_null(found.first_sum)},
                        {"first_datum", found.datum ? datum_json(*found.datum) : Value()}});
}

}  // namespace

int cmd_diff(DiffOptions const& options, Form form) {
  io::ResultFile const a(options.a);
  io::ResultFile const b(options.b);
  auto const found = io::diff_results(a, b);
  answer(form, io::describe(found, options.a.string(), options.b.string()), to_json(found));
  return found.same() ? 0 : exit_different;
}

}  // namespace muster::cli
