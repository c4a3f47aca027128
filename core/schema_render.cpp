// Canonical text, settings and reference: everything that goes out of a field table.
#include <fmt/core.h>

#include "core/error.hpp"
#include "core/schema_value.hpp"
#include "core/text.hpp"

namespace muster::schema {
namespace {

void* mutable_record(void const* record) {
  return const_cast<void*>(record);
}  // NOLINT: fields only hand out addresses

bool is_table(Field const& field) {
  return field.type == Type::record || field.type == Type::records;
}

bool is_rendered(Table const& table, Field const& field, void const* record) {
  if (field.is_input_only) return false;
  if (field.custom.is_absent != nullptr && field.custom.is_absent(record)) return false;
  return table.variants == nullptr || (field.read_by & table.variants(record)) != 0;
}

template <class Items, class Render>
std::string list_text(Items const& items, Render const& render_item) {
  std::string text = "[";
  for (auto const& item : items) {
    if (text.size() > 1) text += ", ";
    text += render_item(item);
  }
  return text + "]";
}

void render_into(std::string& out, Table const& table, void const* record, std::string const& path);

void render_tables(std::string& out, Field const& field, void const* record,
                   std::string const& name) {
  if (field.type == Type::record) {
    out += fmt::format("\n[{}]\n", name);
    render_into(out, field.table(), field.at(mutable_record(record)), name);
    return;
  }
  for (std::size_t i = 0; i < field.size(record); ++i) {
    out += fmt::format("\n[[{}]]\n", name);
    render_into(out, field.table(), field.item(mutable_record(record), i), name);
  }
}

void render_into(std::string& out, Table const& table, void const* record,
                 std::string const& path) {
  // TOML wants a table's own values before its sub-tables.
  for (auto const& field : table.fields)
    if (!is_table(field) && is_rendered(table, field, record))
      out += fmt::format("{} = {}\n", field.key, render_value(field, record));
  for (auto const& field : table.fields)
    if (is_table(field) && is_rendered(table, field, record))
      render_tables(out, field, record, join(path, field.key));
}

std::string source_of(Marks const* marks, Field const& field) {
  if (marks == nullptr) return "default";
  if (marks->is_auto(field.key)) return "auto";
  if (!marks->was_given(field.key)) return "default";
  return marks->place(field.key).source.starts_with("--set") ? "set by --set"
                                                             : "set in the job file";
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04x}", byte);
    else
      out += c;
  }
  return out + "\"";
}

std::string render_value(Field const& field, void const* record) {
  void* const member = field.at == nullptr ? nullptr : field.at(mutable_record(record));
  switch (field.type) {
    case Type::number:
      return exact_number(*static_cast<double const*>(member));
    case Type::count:
      return fmt::format("{}", *static_cast<std::uint64_t const*>(member));
    case Type::flag:
      return *static_cast<bool const*>(member) ? "true" : "false";
    case Type::text:
      return schema::quoted(*static_cast<std::string const*>(member));
    case Type::choice:
      return schema::quoted(field.names[static_cast<std::size_t>(field.get(record))]);
    case Type::numbers:
      return list_text(*static_cast<std::vector<double> const*>(member), exact_number);
    case Type::texts:
      return list_text(*static_cast<std::vector<std::string> const*>(member),
                       [](std::string const& text) { return schema::quoted(text); });
    case Type::choices: {
      std::vector<std::string_view> names;
      for (std::size_t i = 0; i < field.size(record); ++i)
        names.push_back(field.names[static_cast<std::size_t>(field.get_item(record, i))]);
      return list_text(names, quoted);
    }
    case Type::custom:
      return field.custom.render == nullptr ? "" : field.custom.render(record);
    case Type::record:
    case Type::records:
      break;
  }
  MUSTER_ASSERT(false, "a table is no value");
  return {};
}

std::string render(Table const& table, void const* record) {
  std::string out;
  render_into(out, table, record, "");
  return out;
}

void list_settings(Table const& table, void const* record, std::vector<Setting>& settings) {
  Marks const* marks = table.marks == nullptr ? nullptr : table.marks(mutable_record(record));
  for (auto const& field : table.fields) {
    if (!is_rendered(table, field, record) || field.type == Type::records) continue;
    if (field.type == Type::record) {
      list_settings(field.table(), field.at(mutable_record(record)), settings);
      continue;
    }
    std::string const path = marks == nullptr ? "" : marks->path;
    settings.push_back(
        {join(path, field.key), render_value(field, record), source_of(marks, field)});
  }
}

}  // namespace muster::schema
