#include "jobs/price/book.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"
#include "io/import/contract_rules.hpp"
#include "io/import/csv.hpp"
#include "io/import/occ_symbol.hpp"

namespace muster::jobs::price {
namespace {

/// One column of the header: a field of the instrument table, or the OCC symbol.
struct ColumnOf {
  schema::Field const* field = nullptr;
  bool is_symbol = false;
  bool is_ignored = false;  ///< unknown, and reported
};

bool can_be_column(schema::Field const& field) {
  return field.type != schema::Type::custom || field.custom.read_cell != nullptr;
}

std::vector<ColumnOf> read_header(io::CsvRecord const& header, std::string_view file,
                                  Faults& faults) {
  Place const place{file, static_cast<std::uint32_t>(header.line), 0};
  std::vector<std::string_view> known{"symbol"};
  for (auto const& field : instrument_table().fields)
    if (can_be_column(field)) known.push_back(field.key);
  std::vector<ColumnOf> columns;
  std::vector<std::string_view> seen;
  for (auto const name : header.fields) {
    ColumnOf column;
    column.is_symbol = name == "symbol";
    column.field = instrument_table().find(name);
    column.is_ignored = std::find(known.begin(), known.end(), name) == known.end();
    if (column.is_ignored)
      faults.add(place, printable(name),
                 fmt::format("unknown column (nothing would read it); {}", suggest(name, known)));
    else if (std::find(seen.begin(), seen.end(), name) != seen.end())
      faults.add(place, printable(name), "column stands twice (they may disagree); remove one");
    seen.push_back(name);
    columns.push_back(column);
  }
  return columns;
}

constexpr std::array<std::string_view, 5> supplied{"asset", "right", "strike", "expiry",
                                                   "expiry_years"};

/// An OCC symbol is four keys at once; a column that gives one of them again would hide a slip.
void apply_symbol(InstrumentInput& to, std::string_view symbol, Faults& faults) {
  auto const occ = io::parse_occ_symbol(symbol);
  if (!occ) {
    to.marks.add(
        faults, "symbol",
        fmt::format("\"{}\" is no OCC symbol (root, YYMMDD, C or P, strike in thousandths in "
                    "8 digits); write e.g. AAPL240426C00155000",
                    printable(symbol)));
    for (auto const key : supplied) to.marks.doubt(key);
    return;
  }
  for (auto const key : supplied)
    if (to.marks.was_given(key))
      to.marks.add(faults, key,
                   "given together with symbol (the symbol says it); leave the cell empty");
  if (to.kind != InstrumentKind::european)
    to.marks.add(
        faults, "kind",
        "not european beside an OCC symbol (a listed option is a plain one); leave the cell empty");
  auto const rules = io::root_rules(occ->root);
  to.asset_name = rules.underlying;
  to.right = occ->right == io::OptionRight::put ? Right::put : Right::call;
  to.strike = occ->strike;
  to.expiry =
      parse_civil_time(format_instant(io::settlement_instant(rules.settlement, occ->expiry)));
  if (!to.marks.was_given("multiplier")) to.multiplier = 100;
  if (to.name.empty()) to.name = symbol;
}

/// What a symbol supplies must not be missed by the table.
bool is_supplied_by_symbol(std::string_view key) { return key == "right" || key == "strike"; }

class RowReader {
 public:
  RowReader(std::string_view file, std::vector<ColumnOf> columns)
      : file_(file), columns_(std::move(columns)) {}

  void read(io::CsvRecord const& record, std::vector<InstrumentInput>& into, Faults& faults) {
    Place const row{file_, static_cast<std::uint32_t>(record.line), 0};
    if (record.fields.size() != columns_.size()) {
      faults.add(
          row, "",
          fmt::format(
              "{} cells under {} columns (cells would be taken for others); check for stray or "
              "missing commas",
              record.fields.size(), columns_.size()));
      return;
    }
    std::string_view const symbol = collect(record, row);
    InstrumentInput& made = into.emplace_back();
    schema::read_row(symbol.empty() ? instrument_table() : listed_table(), &made, cells_, "", row,
                     faults);
    made.marks.table = &instrument_table();
    if (!symbol.empty()) apply_symbol(made, symbol, faults);
  }

 private:
  /// The instrument table with nothing required that a symbol supplies.
  static schema::Table const& listed_table() {
    static schema::Table const table = [] {
      schema::Table made = instrument_table();
      for (auto& field : made.fields)
        if (is_supplied_by_symbol(field.key)) field.is_required = false;
      return made;
    }();
    return table;
  }

  /// Fills cells_; returns the symbol, if the row has one.
  std::string_view collect(io::CsvRecord const& record, Place const& row) {
    cells_.clear();
    std::string_view symbol;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].is_symbol) symbol = trimmed(record.fields[i]);
    auto const& table = symbol.empty() ? instrument_table() : listed_table();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].is_symbol || columns_[i].is_ignored) continue;
      auto const index =
          static_cast<std::size_t>(columns_[i].field - instrument_table().fields.data());
      cells_.push_back({&table.fields[index], trimmed(record.fields[i]), row});
    }
    return symbol;
  }

  std::string_view file_;
  std::vector<ColumnOf> columns_;
  std::vector<schema::Cell> cells_;
};

}  // namespace

void read_book(io::TextSource& source, std::string_view file, std::vector<InstrumentInput>& into,
               Faults& faults) {
  io::CsvReader reader(source);
  io::CsvRecord record;
  auto const is_blank = [&] {
    return record.fields.empty() || (record.fields.size() == 1 && record.fields[0].empty());
  };
  bool has_header = false;
  while (!has_header && reader.next(record)) has_header = !is_blank();
  MUSTER_REQUIRE(has_header,
                 "{}: an empty book (there is nothing to price); give a header line and rows",
                 file);
  RowReader rows(file, read_header(record, file, faults));
  std::size_t const before = into.size();
  std::size_t read_rows = 0;
  while (reader.next(record)) {
    if (is_blank()) continue;
    MUSTER_REQUIRE(++read_rows <= limit_instruments,
                   "{}:{}: over {} instruments (the most a job prices); split the book", file,
                   record.line, human_count(limit_instruments));
    rows.read(record, into, faults);
  }
  if (read_rows == 0 && into.size() == before)
    faults.add({file, 0, 0}, "",
               "an empty book (a header and no rows: there is nothing to price); add rows");
}

void read_book_file(std::filesystem::path const& path, std::string_view file,
                    std::vector<InstrumentInput>& into, Faults& faults) {
  std::error_code fault;
  MUSTER_REQUIRE(
      !std::filesystem::exists(path, fault) || std::filesystem::is_regular_file(path, fault),
      "{}: not a regular file (a book is read whole); give a plain file", file);
  auto const source = io::open_text(path, limit_book_bytes);
  read_book(*source, file, into, faults);
}

}  // namespace muster::jobs::price
