// Values of a price job that are neither plain numbers nor texts: curves, instants, the stop rule.
// Hooks for schema::Of<...>::custom.
#pragma once

#include "core/schema.hpp"
#include "jobs/price/fields.hpp"

namespace muster::jobs::price {

/// A number, or `{ years = [...], values = [...] }`; every value in the field's range.
bool read_curve(Curve& curve, schema::Field const& field, TomlView value, std::string_view name,
                Faults& faults);
std::string render_curve(Curve const& curve);

/// `2026-06-19` or a date-time with a zone, as TOML or as text.
bool read_time(std::optional<CivilTime>& time, schema::Field const& field, TomlView value,
               std::string_view name, Faults& faults);
bool read_time(std::optional<CivilTime>& time, schema::Field const& field, std::string_view cell,
               Place const& place, std::string_view name, Faults& faults);

/// An absolute number, or `{ relative = 0.01 }`.
bool read_target(StopRule& stop, schema::Field const& field, TomlView value, std::string_view name,
                 Faults& faults);
std::string render_target(StopRule const& stop);

/// Only "european" is priced; "american" is refused by name.
bool read_exercise(schema::Field const& field, TomlView value, std::string_view name,
                   Faults& faults);
bool read_exercise(std::string_view word, Place const& place, std::string_view name,
                   Faults& faults);

/// Rows of numbers.
std::string render_matrix(std::vector<double> const& matrix, std::size_t rows);

}  // namespace muster::jobs::price
