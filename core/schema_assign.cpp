// Single values: from TOML or a CSV cell to a checked member.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/schema_value.hpp"
#include "core/text.hpp"

namespace muster::schema {
namespace {

constexpr double two_to_53 = 9007199254740992.0;
constexpr std::int64_t integer_two_to_53 = 9007199254740992;
constexpr std::size_t limit_text_bytes = 256;

/// One value on its way into a field: where it stands and how to complain about it.
struct Arrival {
  Field const& field;
  void* record;
  Place place;
  std::string_view name;
  Faults& faults;

  bool refuse(std::string_view message) const {
    faults.add(place, name, message);
    return false;
  }
  bool refuse_type(std::string_view found) const {
    return refuse(fmt::format("{} is not {} ({}); give {}", found, kind_of_value(), field.help,
                              wanted(field)));
  }
  bool refuse_range(std::string_view found) const {
    return refuse(fmt::format("{} is out of range ({}; must be {}); give a number in that range{}",
                              found, field.help, describe(field.range), other_remedy()));
  }
  std::string_view other_remedy() const {
    if (!field.auto_rule.empty()) return ", or \"auto\"";
    return field.is_required ? "" : ", or remove the key";
  }
  std::string_view kind_of_value() const {
    switch (field.type) {
      case Type::number:
        return "a number";
      case Type::count:
        return "a whole number";
      case Type::flag:
        return "true or false";
      case Type::text:
        return "a text";
      case Type::choice:
        return "a name";
      case Type::numbers:
        return "a list of numbers";
      case Type::texts:
      case Type::choices:
        return "a list of names";
      default:
        return "of the right type";
    }
  }
};

bool put_number(Arrival const& to, double value) {
  if (!contains(to.field.range, value)) {
    if (!std::isfinite(value))
      return to.refuse(fmt::format("{} is not finite ({}); give {}", plain_number(value),
                                   to.field.help, wanted(to.field)));
    return to.refuse_range(plain_number(value));
  }
  // -0.0 and 0.0 are one value to a person; they must not be two jobs.
  double const plain = value == 0 ? 0.0 : value;
  if (to.field.type == Type::numbers)
    static_cast<std::vector<double>*>(to.field.at(to.record))->push_back(plain);
  else
    *static_cast<double*>(to.field.at(to.record)) = plain;
  return true;
}

bool put_count(Arrival const& to, std::uint64_t value) {
  if (!contains(to.field.range, static_cast<double>(value)))
    return to.refuse_range(fmt::format("{}", value));
  *static_cast<std::uint64_t*>(to.field.at(to.record)) = value;
  return true;
}

bool put_text(Arrival const& to, std::string_view value) {
  bool const is_plain = printable(value, std::string_view::npos) == value;
  if (!is_plain)
    return to.refuse(
        fmt::format("\"{}\" holds control characters or invalid UTF-8 ({}); remove them",
                    printable(value), to.field.help));
  if (value.size() > limit_text_bytes)
    return to.refuse(fmt::format("a text of {} bytes ({}; at most {}); shorten it", value.size(),
                                 to.field.help, limit_text_bytes));
  if (to.field.type == Type::texts)
    static_cast<std::vector<std::string>*>(to.field.at(to.record))->emplace_back(value);
  else
    *static_cast<std::string*>(to.field.at(to.record)) = value;
  return true;
}

bool put_name(Arrival const& to, std::string_view value) {
  auto const found = std::find(to.field.names.begin(), to.field.names.end(), value);
  if (found == to.field.names.end())
    return to.refuse(fmt::format("\"{}\" is unknown ({}); {}", printable(value), to.field.help,
                                 suggest(value, to.field.names)));
  int const number = static_cast<int>(found - to.field.names.begin());
  if (to.field.type != Type::choices) {
    to.field.set(to.record, number);
    return true;
  }
  for (std::size_t i = 0; i < to.field.size(to.record); ++i)
    if (to.field.get_item(to.record, i) == number)
      return to.refuse(fmt::format("\"{}\" stands twice ({}); name it once", value, to.field.help));
  to.field.push(to.record, number);
  return true;
}

/// Integers become numbers only when no digit is lost.
bool put_integer(Arrival const& to, std::int64_t value) {
  if (to.field.type == Type::count)
    return value < 0 ? to.refuse_range(fmt::format("{}", value))
                     : put_count(to, static_cast<std::uint64_t>(value));
  if (value > integer_two_to_53 || value < -integer_two_to_53)
    return to.refuse(fmt::format(
        "{} has more digits than a double holds ({}); write it as a number with a point", value,
        to.field.help));
  return put_number(to, static_cast<double>(value));
}

bool put_real(Arrival const& to, double value) {
  if (to.field.type != Type::count) return put_number(to, value);
  if (!(std::fabs(value) <= two_to_53) ||
      static_cast<double>(static_cast<std::int64_t>(value)) != value)
    return to.refuse_type(plain_number(value));
  return value < 0 ? to.refuse_range(plain_number(value))
                   : put_count(to, static_cast<std::uint64_t>(value));
}

/// A list field starts empty, whatever its default.
void clear_list(Field const& field, void* record) {
  if (field.type == Type::numbers) static_cast<std::vector<double>*>(field.at(record))->clear();
  if (field.type == Type::texts) static_cast<std::vector<std::string>*>(field.at(record))->clear();
  if (field.type == Type::choices) field.clear(record);
}

bool put_value(Arrival const& to, TomlView value) {
  bool const is_numeric = to.field.type == Type::number || to.field.type == Type::count ||
                          to.field.type == Type::numbers;
  bool const is_text = to.field.type == Type::text || to.field.type == Type::texts;
  bool const is_name = to.field.type == Type::choice || to.field.type == Type::choices;
  switch (value.kind()) {
    case TomlKind::integer:
      if (is_numeric) return put_integer(to, value.integer());
      break;
    case TomlKind::number:
      if (is_numeric) return put_real(to, value.number());
      break;
    case TomlKind::text:
      if (is_text) return put_text(to, value.text());
      if (is_name) return put_name(to, value.text());
      break;
    case TomlKind::flag:
      if (to.field.type != Type::flag) break;
      *static_cast<bool*>(to.field.at(to.record)) = value.flag();
      return true;
    default:
      break;
  }
  return to.refuse_type(value.describe());
}

bool is_list(Field const& field) {
  return field.type == Type::numbers || field.type == Type::texts || field.type == Type::choices;
}

bool refuse_length(Arrival const& to, std::size_t size) {
  return to.refuse(fmt::format("a list of {} ({}; at most {}); shorten it", size, to.field.help,
                               to.field.limit_items));
}

bool read_list(Arrival const& to, TomlView value) {
  if (value.kind() != TomlKind::array) {
    // One name alone is a list of one; one number is more likely a slip.
    if (to.field.type != Type::numbers && value.kind() == TomlKind::text)
      return put_value(to, value);
    return to.refuse_type(value.describe());
  }
  if (value.size() > to.field.limit_items) return refuse_length(to, value.size());
  bool is_good = true;
  for (std::size_t i = 0; i < value.size() && is_good; ++i) {
    Arrival const element{to.field, to.record, value.at(i).place(), to.name, to.faults};
    is_good = put_value(element, value.at(i));
  }
  return is_good;
}

bool put_cell(Arrival const& to, std::string_view text) {
  switch (to.field.type) {
    case Type::number:
    case Type::numbers: {
      auto const value = parse_number(text);
      return value ? put_number(to, *value)
                   : to.refuse_type(fmt::format("\"{}\"", printable(text)));
    }
    case Type::count: {
      auto const value = parse_count(text);
      return value ? put_count(to, *value) : to.refuse_type(fmt::format("\"{}\"", printable(text)));
    }
    case Type::flag:
      if (text != "true" && text != "false")
        return to.refuse_type(fmt::format("\"{}\"", printable(text)));
      *static_cast<bool*>(to.field.at(to.record)) = text == "true";
      return true;
    case Type::text:
    case Type::texts:
      return put_text(to, text);
    case Type::choice:
    case Type::choices:
      return put_name(to, text);
    default:
      return to.refuse("cannot stand in a column (it is a table); leave it to the job file");
  }
}

}  // namespace

bool read_value(Field const& field, void* record, TomlView value, std::string_view name,
                Faults& faults) {
  if (field.type == Type::custom) return field.custom.read(field, record, value, name, faults);
  Arrival const to{field, record, value.place(), name, faults};
  if (!is_list(field)) return put_value(to, value);
  clear_list(field, record);
  bool const is_good = read_list(to, value);
  if (!is_good) clear_list(field, record);
  return is_good;
}

bool read_cell(Field const& field, void* record, Cell const& cell, std::string_view name,
               Faults& faults) {
  if (field.type == Type::custom && field.custom.read_cell != nullptr)
    return field.custom.read_cell(field, record, cell.text, cell.place, name, faults);
  Arrival const to{field, record, cell.place, name, faults};
  if (!is_list(field)) return put_cell(to, cell.text);
  clear_list(field, record);
  auto const size =
      1 + static_cast<std::size_t>(std::count(cell.text.begin(), cell.text.end(), ';'));
  if (size > field.limit_items) return refuse_length(to, size);
  for (std::size_t from = 0; from <= cell.text.size();) {
    std::size_t const end = std::min(cell.text.find(';', from), cell.text.size());
    if (!put_cell(to, trimmed(cell.text.substr(from, end - from)))) {
      clear_list(field, record);
      return false;
    }
    from = end + 1;
  }
  return true;
}

}  // namespace muster::schema
