// The Markdown reference of a field table.
#include <fmt/core.h>

#include "core/schema_value.hpp"

namespace muster::schema {
namespace {

std::string default_of(Field const& field, void const* defaults) {
  if (field.is_required) return "required";
  if (!field.default_words.empty()) return std::string(field.default_words);
  if (!field.auto_rule.empty()) return "`\"auto\"`";
  if (field.is_input_only || field.type == Type::record || field.type == Type::records)
    return "none";
  return fmt::format("`{}`", render_value(field, defaults));
}

std::string type_of(Field const& field) {
  switch (field.type) {
    case Type::number:
      return "number";
    case Type::count:
      return "whole number";
    case Type::flag:
      return "true or false";
    case Type::text:
      return "text";
    case Type::texts:
      return "text or list of texts";
    case Type::numbers:
      return "list of numbers";
    case Type::record:
      return "table";
    case Type::records:
      return "array of tables";
    case Type::custom:
      return std::string(field.custom.type);
    case Type::choice:
      break;
    case Type::choices:
      return "list of names";
  }
  return "name";
}

/// The help cell: sentence, names, rule, and which variants read the key.
std::string notes_of(Table const& table, Field const& field) {
  std::string notes(field.help);
  if (!field.names.empty()) {
    notes += ": ";
    for (std::size_t i = 0; i < field.names.size(); ++i)
      notes += fmt::format("{}`{}`", i == 0 ? "" : ", ", field.names[i]);
  }
  if (!field.auto_rule.empty()) notes += fmt::format(". Auto: {}", field.auto_rule);
  if (field.read_by == every_variant) return notes;
  std::string readers;
  for (std::size_t i = 0; i < table.variant_names.size(); ++i)
    if ((field.read_by >> i & 1U) != 0)
      readers += fmt::format("{}{}", readers.empty() ? "" : ", ", table.variant_names[i]);
  return fmt::format("{}. Read by: {}", notes, readers);
}

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '\\');
  return text;
}

void write_table(std::string& out, Table const& table, std::string const& path, bool is_list) {
  auto const defaults = table.make();
  if (path.empty())
    out += "## Top of the file\n\n";
  else
    out += fmt::format("## `{}{}{}`\n\n", is_list ? "[[" : "[", path, is_list ? "]]" : "]");
  out += fmt::format(
      "{}\n\n| key | type | unit | range | default | meaning |\n| --- | --- | --- | --- | --- | "
      "--- |\n",
      table.help);
  for (auto const& field : table.fields)
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", field.key, type_of(field), field.unit,
                       describe(field.range), escaped(default_of(field, defaults.get())),
                       escaped(notes_of(table, field)));
  out += '\n';
  for (auto const& field : table.fields)
    // A table that stands in several places (an instrument, also as a leg) is written once.
    if (field.table != nullptr &&
        out.find(fmt::format("\n{}\n", field.table().help)) == std::string::npos)
      write_table(out, field.table(), join(path, field.key), field.type == Type::records);
}

}  // namespace

std::string reference(Table const& table) {
  std::string out;
  write_table(out, table, "", false);
  return out;
}

}  // namespace muster::schema
