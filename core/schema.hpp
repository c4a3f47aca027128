// Field tables: one table a struct says key, member, unit, range, help and auto rule. Parsing,
// checking, canonical text and reference documentation all come from it.
//
//   using F = schema::Of<Heston>;
//   Table const& heston_table() {
//     static Table const table = F::table("heston", "Heston's model", {
//       F::number<&Heston::v0>("v0", "1/year", above(0), "variance at the valuation instant"),
//       ...});
//     return table;
//   }
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/faults.hpp"
#include "core/toml.hpp"

namespace muster::schema {

/// Which finite numbers a field takes. For lists, each element.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_is_open = false;
};
constexpr Range anything() { return {}; }
constexpr Range at_least(double low) { return {.low = low}; }
constexpr Range above(double low) { return {.low = low, .low_is_open = true}; }
constexpr Range between(double low, double high) { return {.low = low, .high = high}; }
constexpr Range above_up_to(double low, double high) {
  return {.low = low, .high = high, .low_is_open = true};
}
bool contains(Range const& range, double value);
/// `above 0 and at most 10`; empty when anything goes.
std::string describe(Range const& range);

/// Names of an enum's values 0, 1, 2, ...
using Names = std::span<std::string_view const>;
/// Bit i: read by variant i of the record (an instrument's kind, say).
using Variants = std::uint32_t;
inline constexpr Variants every_variant = ~Variants{0};

enum class Type {
  number,
  count,
  flag,
  text,
  choice,
  numbers,
  texts,
  choices,
  record,
  records,
  custom,
};

struct Table;
struct Field;

/// What was found in the input for one record; faults found later point into the file with it.
struct Marks {
  Table const* table = nullptr;
  std::string path;                                    ///< `market.asset.0`; empty at the top
  TomlView view;                                       ///< nothing for rows of a CSV file
  Place record;                                        ///< where the record begins
  std::uint64_t given = 0, automatic = 0, faulty = 0;  ///< a bit a field of the table

  bool was_given(std::string_view key) const;
  /// "auto", or left out where the field has an auto rule.
  bool is_auto(std::string_view key) const;
  bool is_faulty() const { return faulty != 0; }
  bool is_faulty(std::string_view key) const;
  /// None of the keys is at fault.
  bool is_sound(std::initializer_list<std::string_view> keys) const;
  /// The value's place, or the record's when the key is not there.
  Place place(std::string_view key) const;
  /// Full name: `market.asset.0.spot`.
  std::string name(std::string_view key) const;
  /// Adds a fault at a key and remembers that the key is faulty.
  void add(Faults& faults, std::string_view key, std::string_view message);
  /// Remembers that nothing good is known about a key, without a fault of its own.
  void doubt(std::string_view key);
};

/// Hooks of Type::custom.
struct Custom {
  /// Reads the value into the record; false after adding a fault.
  bool (*read)(Field const&, void* record, TomlView value, std::string_view name,
               Faults&) = nullptr;
  /// Reads a cell of a CSV file; null: the field is no column.
  bool (*read_cell)(Field const&, void* record, std::string_view cell, Place const&,
                    std::string_view name, Faults&) = nullptr;
  /// Canonical TOML text of the value; null for input-only fields.
  std::string (*render)(void const* record) = nullptr;
  /// True for a record without the value: canonical text leaves the key out; null: never.
  bool (*is_absent)(void const* record) = nullptr;
  std::string_view type;  ///< for the reference: "number or curve"
};

/// One key of a record. Made by `Of<Record>`, refined by the functions below.
struct Field {
  std::string_view key;
  Type type = Type::number;
  std::string_view unit;
  Range range;
  std::string_view help;
  std::string_view auto_rule;  ///< not empty: "auto" is accepted and is what leaving out means
  Names names;
  std::string_view default_words;  ///< what leaving out means, when the default member does not say it
  bool is_required = false;
  bool is_input_only = false;  ///< a convenience that canonical text never holds
  Variants read_by = every_variant;
  std::size_t limit_items = 65'536;

  void* (*at)(void* record) = nullptr;
  int (*get)(void const* record) = nullptr;
  void (*set)(void* record, int value) = nullptr;
  std::size_t (*size)(void const* record) = nullptr;
  int (*get_item)(void const* record, std::size_t index) = nullptr;
  void* (*item)(void* record, std::size_t index) = nullptr;
  void* (*append)(void* record) = nullptr;
  void (*clear)(void* record) = nullptr;
  void (*push)(void* record, int value) = nullptr;
  Table const& (*table)() = nullptr;
  Custom custom;

  Field required() const;
  Field input_only() const;
  Field defaulting(std::string_view words) const;
  Field automatic(std::string_view rule) const;
  Field only(Variants variants) const;
  Field at_most_items(std::size_t limit) const;
};

/// The field table of one struct. At most 64 fields.
struct Table {
  std::string_view name;
  std::string_view help;
  std::vector<Field> fields;
  std::shared_ptr<void> (*make)() = nullptr;  ///< a record with defaults, for the reference
  Marks* (*marks)(void* record) = nullptr;    ///< where the record keeps its marks, if it does
  /// Which variants this record is (usually one bit), from fields that stand before those it
  /// selects.
  Variants (*variants)(void const* record) = nullptr;
  Names variant_names;
  /// How many leading fields decide the variant; while one of them is at fault, no key is refused.
  std::size_t deciding_fields = 0;

  Field const* find(std::string_view key) const;
};

/// Reads a table of the document into a record: unknown keys, wrong types, values out of range,
/// missing keys and keys that the record's variant does not read are added to `faults`; fields at
/// fault keep their defaults. `record` is of the table's struct.
void read(Table const& table, void* record, TomlView view, std::string path, Faults& faults);

/// Reads one value into one field; false after adding a fault. For hooks that reuse a field's
/// checks.
bool read_value(Field const& field, void* record, TomlView value, std::string_view name,
                Faults& faults);

/// A cell of a CSV file for one field.
struct Cell {
  Field const* field = nullptr;
  std::string_view text;
  Place place;
};
/// Reads one row. Empty cells count as left out; lists are separated by `;`.
void read_row(Table const& table, void* record, std::span<Cell const> cells, std::string path,
              Place const& row, Faults& faults);

/// Adds a fault for each given key that `variants` do not read. `read` does so by itself; for
/// records whose variant is known only later.
void refuse_unread(Marks& marks, Variants variants, Faults& faults);

/// Canonical TOML: every key that the record reads, in the table's order, sub-tables after values.
std::string render(Table const& table, void const* record);

/// The values of a record and its sub-tables (not of lists of records), and where each came from.
struct Setting {
  std::string key;
  std::string value;
  std::string source;  ///< "set in the job file", "set by --set", "default", "auto"
};
void list_settings(Table const& table, void const* record, std::vector<Setting>& settings);

/// Markdown reference: a section a table, sub-tables following, a row a key.
std::string reference(Table const& table);

/// A value as it stands in canonical text: a TOML basic string.
std::string quoted(std::string_view text);

}  // namespace muster::schema

#include "core/schema_fields.hpp"
