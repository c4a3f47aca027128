// Records: which keys are there, which are missing, unknown or not read.
#include <fmt/core.h>

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/schema_value.hpp"
#include "core/text.hpp"

namespace muster::schema {
namespace {

/// The keys of one record as a table of the document gives them.
struct TableInput {
  TomlView view;
  bool has(Field const& field) const { return static_cast<bool>(view.find(field.key)); }
  bool says_auto(Field const& field) const {
    TomlView const value = view.find(field.key);
    return value.kind() == TomlKind::text && value.text() == "auto";
  }
  bool read_field(Field const& field, void* record, std::string const& name, Faults& faults) const;
};

/// ... and as a row of a CSV file gives them.
struct RowInput {
  std::span<Cell const> cells;
  Cell const* find(Field const& field) const {
    for (auto const& cell : cells)
      if (cell.field == &field && !cell.text.empty()) return &cell;
    return nullptr;
  }
  bool has(Field const& field) const { return find(field) != nullptr; }
  bool says_auto(Field const& field) const { return has(field) && find(field)->text == "auto"; }
  bool read_field(Field const& field, void* record, std::string const& name, Faults& faults) const {
    return read_cell(field, record, *find(field), name, faults);
  }
};

bool read_records(Field const& field, void* record, TomlView value, std::string const& name,
                  Faults& faults) {
  if (value.kind() != TomlKind::array) {
    faults.add(value.place(), name,
               fmt::format("{} is not an array of tables ({}); write it as [[{}]]",
                           value.describe(), field.help, name));
    return false;
  }
  if (value.size() > field.limit_items) {
    faults.add(value.place(), name,
               fmt::format("{} entries ({}; at most {}); use fewer", human_count(value.size()),
                           field.help, human_count(field.limit_items)));
    return false;
  }
  field.clear(record);
  for (std::size_t i = 0; i < value.size(); ++i)
    read(field.table(), field.append(record), value.at(i), fmt::format("{}.{}", name, i), faults);
  return true;
}

bool TableInput::read_field(Field const& field, void* record, std::string const& name,
                            Faults& faults) const {
  TomlView const value = view.find(field.key);
  std::size_t const before = faults.size();
  if (field.type == Type::record) {
    read(field.table(), field.at(record), value, name, faults);
    return faults.size() == before;
  }
  if (field.type == Type::records)
    return read_records(field, record, value, name, faults) && faults.size() == before;
  return read_value(field, record, value, name, faults);
}

std::string names_of(Table const& table, Variants variants) {
  std::string text;
  for (std::size_t i = 0; i < table.variant_names.size(); ++i) {
    if ((variants >> i & 1U) == 0) continue;
    if (!text.empty()) text += ", ";
    text += table.variant_names[i];
  }
  return text;
}

void refuse_field(Marks& marks, Field const& field, Variants variants, Faults& faults) {
  marks.add(faults, field.key,
            fmt::format("not read by {} ({}; only for {}); remove the key",
                        names_of(*marks.table, variants), field.help,
                        names_of(*marks.table, field.read_by)));
}

/// A sub-table that was left out: its keys were left out too, which may mean "auto".
void mark_absent(Field const& field, void* record, Marks const& parent) {
  Table const& table = field.table();
  if (table.marks == nullptr) return;
  Marks here;
  here.table = &table;
  here.path = parent.name(field.key);
  here.record = parent.record;
  for (std::size_t i = 0; i < table.fields.size(); ++i)
    if (!table.fields[i].auto_rule.empty()) here.automatic |= std::uint64_t{1} << i;
  *table.marks(field.at(record)) = std::move(here);
}

template <class Input>
void read_fields(Table const& table, void* record, Marks& marks, Input const& input,
                 Faults& faults) {
  MUSTER_ASSERT(table.fields.size() < 64);
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    Field const& field = table.fields[i];
    std::uint64_t const bit = std::uint64_t{1} << i;
    // While a field that decides the variant is at fault, nothing is known about the others.
    std::uint64_t const deciding = (std::uint64_t{1} << table.deciding_fields) - 1;
    bool const is_known = (marks.faulty & deciding) == 0;
    Variants const variants =
        table.variants == nullptr || !is_known ? every_variant : table.variants(record);
    bool const is_read = (field.read_by & variants) != 0;
    if (!input.has(field)) {
      if (!field.auto_rule.empty()) marks.automatic |= bit;
      if (field.type == Type::record && is_read) mark_absent(field, record, marks);
      if (field.is_required && is_read && (is_known || field.read_by == every_variant))
        marks.add(faults, field.key,
                  fmt::format("missing ({}); give {}", field.help, wanted(field)));
      continue;
    }
    marks.given |= bit;
    if (!is_read) {
      refuse_field(marks, field, variants, faults);
    } else if (!field.auto_rule.empty() && input.says_auto(field)) {
      marks.automatic |= bit;
    } else if (!input.read_field(field, record, marks.name(field.key), faults)) {
      marks.faulty |= bit;
    }
  }
}

void refuse_unknown(Table const& table, TomlView view, std::string const& path, Faults& faults) {
  std::vector<std::string_view> known;
  for (auto const& field : table.fields) known.push_back(field.key);
  for (auto const& entry : view.entries()) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    faults.add(entry.key_place, join(path, printable(entry.key)),
               fmt::format("unknown key (nothing would read it); {}", suggest(entry.key, known)));
  }
}

}  // namespace

void read(Table const& table, void* record, TomlView view, std::string path, Faults& faults) {
  Marks here;
  here.table = &table;
  here.path = std::move(path);
  here.view = view;
  here.record = view.place();
  if (view.kind() != TomlKind::table) {
    faults.add(view.place(), here.path,
               fmt::format("{} is not a table ({}); write it as [{}] or {{key = value}}",
                           view.describe(), table.help, here.path));
    here.faulty = std::uint64_t{1} << 63;
  } else {
    read_fields(table, record, here, TableInput{view}, faults);
    std::size_t const before = faults.size();
    if (static_cast<std::size_t>(std::popcount(here.given)) != view.size())
      refuse_unknown(table, view, here.path, faults);
    if (faults.size() != before) here.faulty |= std::uint64_t{1} << 63;
  }
  if (table.marks != nullptr) *table.marks(record) = std::move(here);
}

void read_row(Table const& table, void* record, std::span<Cell const> cells, std::string path,
              Place const& row, Faults& faults) {
  Marks here;
  here.table = &table;
  here.path = std::move(path);
  here.record = row;
  read_fields(table, record, here, RowInput{cells}, faults);
  if (table.marks != nullptr) *table.marks(record) = std::move(here);
}

void refuse_unread(Marks& marks, Variants variants, Faults& faults) {
  if (marks.table == nullptr) return;
  for (std::size_t i = 0; i < marks.table->fields.size(); ++i) {
    Field const& field = marks.table->fields[i];
    if ((marks.given >> i & 1U) != 0 && (field.read_by & variants) == 0)
      refuse_field(marks, field, variants, faults);
  }
}

}  // namespace muster::schema
