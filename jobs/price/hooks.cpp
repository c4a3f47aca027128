#include "jobs/price/hooks.hpp"

#include <fmt/core.h>

#include "core/text.hpp"

namespace muster::jobs::price {
namespace {

struct Pillars {
  std::vector<double> years, values;
  schema::Marks marks;
};

schema::Table const& pillars_table() {
  using F = schema::Of<Pillars>;
  static schema::Table const table = F::table(
      "curve", "a curve by pillars",
      {F::numbers<&Pillars::years>("years", "years", schema::between(0, limit_expiry_years),
                                   "times of the pillars, ascending")
           .required()
           .at_most_items(1024),
       F::numbers<&Pillars::values>("values", "", schema::anything(), "a value for each pillar")
           .required()
           .at_most_items(1024)});
  return table;
}

struct Relative {
  double relative = 0;
};

schema::Table const& relative_table() {
  using F = schema::Of<Relative>;
  static schema::Table const table =
      F::table("target_stderr", "a relative target",
               {F::number<&Relative::relative>("relative", "1", schema::above_up_to(0, 1),
                                               "standard error over absolute value")
                    .required()});
  return table;
}

std::string refuse_curve_value(schema::Field const& field, double value) {
  return fmt::format("{} is out of range ({}; must be {}); give such a value", plain_number(value),
                     field.help, schema::describe(field.range));
}

bool read_pillars(Curve& curve, schema::Field const& field, TomlView value, std::string_view name,
                  Faults& faults) {
  Pillars pillars;
  schema::read(pillars_table(), &pillars, value, std::string(name), faults);
  if (pillars.marks.is_faulty()) return false;
  std::size_t const before = faults.size();
  if (pillars.years.size() != pillars.values.size() || pillars.years.empty())
    pillars.marks.add(
        faults, "values",
        fmt::format(
            "{} values for {} years (each pillar has one value); make the lists equally long",
            pillars.values.size(), pillars.years.size()));
  for (std::size_t i = 0; i + 1 < pillars.years.size(); ++i)
    if (!(pillars.years[i] < pillars.years[i + 1])) {
      pillars.marks.add(
          faults, "years",
          fmt::format("{} does not come after {} (pillars ascend); sort them",
                      plain_number(pillars.years[i + 1]), plain_number(pillars.years[i])));
      break;
    }
  for (double const at : pillars.values)
    if (!schema::contains(field.range, at)) {
      pillars.marks.add(faults, "values", refuse_curve_value(field, at));
      break;
    }
  if (faults.size() != before) return false;
  curve = {std::move(pillars.years), std::move(pillars.values)};
  return true;
}

bool refuse_time(schema::Field const& field, std::string const& found, Place const& place,
                 std::string_view name, Faults& faults) {
  faults.add(place, name,
             fmt::format("{} is no instant ({}; years 1970 to 2199, whole seconds); write "
                         "2026-06-19 for the New York "
                         "close of that day, or 2026-06-19T20:00:00Z",
                         found, field.help));
  return false;
}

bool put_time(std::optional<CivilTime>& time, std::optional<CivilTime> const& found,
              schema::Field const& field, std::string const& shown, Place const& place,
              std::string_view name, Faults& faults) {
  if (!found) return refuse_time(field, shown, place, name, faults);
  if (!to_instant(*found)) {
    faults.add(
        place, name,
        fmt::format("{} has no time zone ({}; it would mean another instant in each zone); end it "
                    "with Z or an offset such as -04:00",
                    shown, field.help));
    return false;
  }
  time = found;
  return true;
}

}  // namespace

bool read_curve(Curve& curve, schema::Field const& field, TomlView value, std::string_view name,
                Faults& faults) {
  if (value.kind() == TomlKind::table) return read_pillars(curve, field, value, name, faults);
  if (value.kind() != TomlKind::integer && value.kind() != TomlKind::number) {
    faults.add(
        value.place(), name,
        fmt::format("{} is no curve ({}); give a number or {{ years = [...], values = [...] }}",
                    value.describe(), field.help));
    return false;
  }
  if (!schema::contains(field.range, value.number())) {
    faults.add(value.place(), name, refuse_curve_value(field, value.number()));
    return false;
  }
  curve = {{0.0}, {value.number() == 0 ? 0.0 : value.number()}};
  return true;
}

std::string render_curve(Curve const& curve) {
  if (curve.years == std::vector<double>{0.0} && curve.values.size() == 1)
    return exact_number(curve.values[0]);
  auto const list = [](std::vector<double> const& numbers) {
    std::string text;
    for (double const number : numbers) text += (text.empty() ? "" : ", ") + exact_number(number);
    return text;
  };
  return fmt::format("{{ years = [{}], values = [{}] }}", list(curve.years), list(curve.values));
}

bool read_time(std::optional<CivilTime>& time, schema::Field const& field, TomlView value,
               std::string_view name, Faults& faults) {
  if (value.kind() == TomlKind::time)
    return put_time(time, value.time(), field, "this date or time", value.place(), name, faults);
  if (value.kind() != TomlKind::text)
    return refuse_time(field, value.describe(), value.place(), name, faults);
  return read_time(time, field, value.text(), value.place(), name, faults);
}

bool read_time(std::optional<CivilTime>& time, schema::Field const& field, std::string_view cell,
               Place const& place, std::string_view name, Faults& faults) {
  return put_time(time, parse_civil_time(cell), field, fmt::format("\"{}\"", printable(cell)),
                  place, name, faults);
}

bool read_target(StopRule& stop, schema::Field const& field, TomlView value, std::string_view name,
                 Faults& faults) {
  if (value.kind() == TomlKind::table) {
    Relative relative;
    std::size_t const before = faults.size();
    schema::read(relative_table(), &relative, value, std::string(name), faults);
    if (faults.size() != before) return false;
    stop.target_stderr = relative.relative;
    stop.relative = true;
    return true;
  }
  bool const is_number = value.kind() == TomlKind::integer || value.kind() == TomlKind::number;
  if (!is_number || !schema::contains(field.range, value.number())) {
    faults.add(value.place(), name,
               fmt::format("{} is no target ({}); give a number {}, or {{ relative = 0.01 }}",
                           value.describe(), field.help, schema::describe(field.range)));
    return false;
  }
  stop.target_stderr = value.number() == 0 ? 0.0 : value.number();
  stop.relative = false;
  return true;
}

std::string render_target(StopRule const& stop) {
  if (stop.relative) return fmt::format("{{ relative = {} }}", exact_number(stop.target_stderr));
  return exact_number(stop.target_stderr);
}

bool read_exercise(std::string_view word, Place const& place, std::string_view name,
                   Faults& faults) {
  if (word == "european") return true;
  if (word == "american" || word == "bermudan")
    faults.add(place, name,
               fmt::format("{} exercise is not priced yet (it comes with a later release); use "
                           "exercise = \"european\"",
                           word));
  else
    faults.add(place, name,
               fmt::format("\"{}\" is unknown (when the holder may exercise); use \"european\"",
                           printable(word)));
  return false;
}

bool read_exercise(schema::Field const&, TomlView value, std::string_view name, Faults& faults) {
  if (value.kind() == TomlKind::text)
    return read_exercise(value.text(), value.place(), name, faults);
  faults.add(value.place(), name,
             fmt::format("{} is not a name (when the holder may exercise); use \"european\"",
                         value.describe()));
  return false;
}

std::string render_matrix(std::vector<double> const& matrix, std::size_t rows) {
  std::string text = "[";
  for (std::size_t i = 0; i < rows; ++i) {
    text += i == 0 ? "[" : ", [";
    for (std::size_t j = 0; j < rows; ++j)
      text += (j == 0 ? "" : ", ") + exact_number(matrix[i * rows + j]);
    text += "]";
  }
  return text + "]";
}

}  // namespace muster::jobs::price
