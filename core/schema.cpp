#include "core/schema.hpp"

#include <fmt/core.h>

#include "core/error.hpp"
#include "core/schema_value.hpp"
#include "core/text.hpp"

namespace muster::schema {

bool contains(Range const& range, double value) {
  bool const is_over_low = range.low_is_open ? value > range.low : value >= range.low;
  return is_over_low && value <= range.high && value < std::numeric_limits<double>::infinity() &&
         value > -std::numeric_limits<double>::infinity();
}

std::string describe(Range const& range) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  bool const has_low = range.low != -infinity, has_high = range.high != infinity;
  if (has_low && has_high && !range.low_is_open)
    return fmt::format("between {} and {}", plain_number(range.low), plain_number(range.high));
  std::string text;
  if (has_low)
    text = fmt::format("{} {}", range.low_is_open ? "above" : "at least", plain_number(range.low));
  if (has_high)
    text += fmt::format("{}at most {}", has_low ? " and " : "", plain_number(range.high));
  return text;
}

Field Field::required() const {
  Field field = *this;
  field.is_required = true;
  return field;
}
Field Field::input_only() const {
  Field field = *this;
  field.is_input_only = true;
  return field;
}
Field Field::defaulting(std::string_view words) const {
  Field field = *this;
  field.default_words = words;
  return field;
}
Field Field::automatic(std::string_view rule) const {
  Field field = *this;
  field.auto_rule = rule;
  return field;
}
Field Field::only(Variants variants) const {
  Field field = *this;
  field.read_by = variants;
  return field;
}
Field Field::at_most_items(std::size_t limit) const {
  Field field = *this;
  field.limit_items = limit;
  return field;
}

Field const* Table::find(std::string_view key) const {
  for (auto const& field : fields)
    if (field.key == key) return &field;
  return nullptr;
}

namespace {
/// The bit of a key in Marks; 0 when the table has no such key.
std::uint64_t bit_of(Table const* table, std::string_view key) {
  Field const* field = table == nullptr ? nullptr : table->find(key);
  return field == nullptr ? 0 : std::uint64_t{1} << (field - table->fields.data());
}
}  // namespace

bool Marks::was_given(std::string_view key) const { return (given & bit_of(table, key)) != 0; }
bool Marks::is_auto(std::string_view key) const { return (automatic & bit_of(table, key)) != 0; }
bool Marks::is_faulty(std::string_view key) const { return (faulty & bit_of(table, key)) != 0; }

bool Marks::is_sound(std::initializer_list<std::string_view> keys) const {
  for (auto const key : keys)
    if (is_faulty(key)) return false;
  return true;
}

Place Marks::place(std::string_view key) const {
  TomlView const value = view.find(key);
  Place const at = value ? value.place() : Place{};
  return at.source.empty() ? record : at;
}

std::string Marks::name(std::string_view key) const { return join(path, key); }

void Marks::add(Faults& faults, std::string_view key, std::string_view message) {
  faults.add(place(key), name(key), message);
  doubt(key);
}

void Marks::doubt(std::string_view key) {
  std::uint64_t const bit = bit_of(table, key);
  faulty |= bit != 0 ? bit : std::uint64_t{1} << 63;
}

std::string join(std::string_view path, std::string_view key) {
  if (path.empty()) return std::string(key);
  return key.empty() ? std::string(path) : fmt::format("{}.{}", path, key);
}

std::string wanted(Field const& field) {
  std::string const range = describe(field.range);
  std::string const ranged = range.empty() ? "" : " " + range;
  switch (field.type) {
    case Type::number:
      return "a number" + ranged;
    case Type::count:
      return "a whole number" + ranged;
    case Type::flag:
      return "true or false";
    case Type::text:
      return "a text";
    case Type::choice:
      return "one of " + listed(field.names);
    case Type::numbers:
      return "a list of numbers" + (range.empty() ? "" : ", each" + ranged);
    case Type::texts:
      return "a list of texts";
    case Type::choices:
      return "a list of names out of " + listed(field.names);
    case Type::record:
      return "a table";
    case Type::records:
      return "an array of tables";
    case Type::custom:
      return std::string(field.custom.type) + ranged;
  }
  return "a value";
}

std::string listed(Names names) {
  std::string text;
  for (auto name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace muster::schema
