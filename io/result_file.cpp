#include "io/result_file.hpp"

#include <algorithm>
#include <bit>
#include <set>

#include "core/sha256.hpp"
#include "io/document.hpp"
#include "io/document_writer.hpp"
#include "io/result_digest.hpp"
#include "io/text_rules.hpp"
#include "io/verdict.hpp"

namespace muster::io {
namespace {

constexpr char const* filetype = "muster-result";
constexpr std::int64_t major_version = 1;
constexpr std::int64_t minor_version = 0;
constexpr std::size_t digests_per_block = 1u << 16;

// A digest in memory is its two columns in the file: high, low.
static_assert(sizeof(TileDigest) == 2 * sizeof(std::uint64_t));

std::span<std::uint64_t> as_pairs(std::span<TileDigest> digests) {
  return {reinterpret_cast<std::uint64_t*>(digests.data()), 2 * digests.size()};
}

std::size_t rows_of(Column const& column) {
  return std::visit([](auto const& values) { return values.size(); }, column.values);
}

bool is_text(Column const& column) {
  return std::holds_alternative<std::vector<std::string>>(column.values);
}

void assert_writable(Table const& table) {
  MUSTER_ASSERT(is_lower_snake(table.name), "table name \"{}\"", table.name);
  std::set<std::string_view> names;
  for (Column const& column : table.columns) {
    MUSTER_ASSERT(is_lower_snake(column.name), "column \"{}\" of {}", column.name, table.name);
    MUSTER_ASSERT(names.insert(column.name).second, "two columns {}.{}", table.name, column.name);
    MUSTER_ASSERT(rows_of(column) == rows_of(table.columns.front()),
                  "columns of table {} differ in length", table.name);
    MUSTER_ASSERT(is_text(column) == column.unit.empty(), "unit \"{}\" of {}.{}", column.unit,
                  table.name, column.name);
  }
}

void assert_writable(Result const& result) {
  // Text that the file would have to clean could not be hashed again.
  MUSTER_ASSERT(is_clean_text(result.resolved_text), "the resolved job has control characters");
  MUSTER_ASSERT(result.job_hash == sha256_hex(result.resolved_text), "hash of another job");
  MUSTER_ASSERT(is_utc_instant(result.started_utc) && is_utc_instant(result.ended_utc),
                "times \"{}\", \"{}\"", result.started_utc, result.ended_utc);
  std::set<std::string_view> names;
  for (Table const& table : result.tables) {
    assert_writable(table);
    MUSTER_ASSERT(names.insert(table.name).second, "two tables {}", table.name);
  }
}

template <class T>
std::vector<std::string> names_of(std::vector<T> const& things) {
  std::vector<std::string> names;
  for (T const& thing : things) names.push_back(thing.name);
  return names;
}

void write_tables(DocumentWriter& out, std::vector<Table> const& tables) {
  out.group("/tables");
  out.attribute("/tables", "order", names_of(tables));
  for (Table const& table : tables) {
    std::string const group = "/tables/" + table.name;
    out.group(group);
    out.attribute(group, "description", table.description);
    out.attribute(group, "order", names_of(table.columns));
    for (Column const& column : table.columns)
      std::visit([&](auto const& values) { out.column(group + "/" + column.name, column.unit, values); },
                 column.values);
  }
}

void write_provenance(DocumentWriter& out, Result const& result) {
  out.group("/provenance");
  out.text("/provenance/job", result.resolved_text);
  out.text("/provenance/topology", result.topology_json);
  out.text("/provenance/devices", result.devices);
}

void write_root(DocumentWriter& out, Result const& result, std::string const& digest) {
  out.attribute("/", "kind", result.kind);
  out.attribute("/", "name", result.name);
  out.attribute("/", "job_hash", result.job_hash);
  out.attribute("/", "seed", result.seed);
  out.attribute("/", "arithmetic_version", result.arithmetic_version);
  out.attribute("/", "muster_version", result.muster_version);
  out.attribute("/", "git_sha", result.git_sha);
  out.attribute("/", "ranks", result.ranks);
  out.attribute("/", "tiles", result.tiles);
  out.attribute("/", "started_utc", result.started_utc);
  out.attribute("/", "ended_utc", result.ended_utc);
  out.attribute("/", "stop_rule", result.stop_rule);
  out.attribute("/", "verdict", static_cast<std::uint64_t>(result.verdict));
  out.attribute("/", "result_digest", digest);
}

Column read_column(Document const& in, std::string const& group, std::string const& name) {
  std::string const path = group + "/" + name;
  Column column{name, in.text_attribute(path, "unit"), {}};
  auto values = in.column(path);
  if (std::holds_alternative<std::vector<std::uint64_t>>(values))
    in.refuse(path, "has elements of another type than belongs there");
  std::visit(
      [&](auto& typed) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(typed)>, std::vector<std::uint64_t>>)
          column.values = std::move(typed);
      },
      values);
  if (is_text(column) != column.unit.empty()) in.refuse(path, "has a unit that does not fit its type");
  return column;
}

/// The members of a group in their stored order, each exactly once.
std::vector<std::string> ordered(Document const& in, std::string const& group) {
  auto order = in.texts_attribute(group, "order");
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != in.children(group)) in.refuse(group, "has an order that does not name its members");
  for (std::string const& name : order)
    if (!is_lower_snake(name)) in.refuse(group, "has a member whose name is not lower_snake");
  return order;
}

Table read_table(Document const& in, std::string const& name) {
  std::string const group = "/tables/" + name;
  Table table{name, in.text_attribute(group, "description"), {}};
  for (std::string const& column : ordered(in, group)) {
    table.columns.push_back(read_column(in, group, column));
    if (rows_of(table.columns.back()) != rows_of(table.columns.front()))
      in.refuse(group, "has columns of different lengths");
  }
  return table;
}

std::string read_hash(Document const& in, std::string const& name) {
  std::string hash = in.text_attribute("/", name);
  if (!is_hash(hash)) in.refuse("/", fmt::format("has no SHA-256 in attribute \"{}\"", name));
  return hash;
}

std::string read_instant(Document const& in, std::string const& name) {
  std::string instant = in.text_attribute("/", name);
  if (!is_utc_instant(instant)) in.refuse("/", fmt::format("has no UTC time in attribute \"{}\"", name));
  return instant;
}

void read_root(Document const& in, Result& result) {
  result.kind = in.text_attribute("/", "kind");
  result.name = in.text_attribute("/", "name");
  result.job_hash = read_hash(in, "job_hash");
  result.seed = in.natural_attribute("/", "seed");
  result.arithmetic_version = in.natural_attribute("/", "arithmetic_version");
  result.muster_version = in.text_attribute("/", "muster_version");
  result.git_sha = in.text_attribute("/", "git_sha");
  result.ranks = in.natural_attribute("/", "ranks");
  result.tiles = in.natural_attribute("/", "tiles");
  result.started_utc = read_instant(in, "started_utc");
  result.ended_utc = read_instant(in, "ended_utc");
  result.stop_rule = in.text_attribute("/", "stop_rule");
  result.result_digest = read_hash(in, "result_digest");
  auto const verdict = verdict_of(in.natural_attribute("/", "verdict"));
  if (!verdict) in.refuse("/", "has a verdict that is no exit code of muster's");
  result.verdict = *verdict;
}

Result read_content(Document const& in) {
  Result result;
  read_root(in, result);
  result.resolved_text = in.text("/provenance/job");
  result.topology_json = in.text("/provenance/topology");
  result.devices = in.text("/provenance/devices");
  if (sha256_hex(result.resolved_text) != result.job_hash)
    in.refuse("/provenance/job", "does not have the hash of the root's job_hash");
  result.sums = in.column_of<std::int64_t>("/sums", in.shape("/sums").rows());
  for (std::string const& name : ordered(in, "/tables"))
    result.tables.push_back(read_table(in, name));
  h5::Shape const& digests = in.shape("/tile_digests");
  if (digests.rows() != result.tiles || digests.dims.size() != 2)
    in.refuse("/tile_digests", fmt::format("does not have {} tiles", result.tiles));
  return result;
}

}  // namespace

std::string write_result(std::filesystem::path const& path, Result const& result,
                         DigestSource const& digests) {
  assert_writable(result);
  DocumentWriter out(path, filetype, major_version, minor_version);
  write_provenance(out, result);
  write_tables(out, result.tables);
  out.column("/sums", "1", result.sums);
  ResultDigest digest(result.job_hash, result.arithmetic_version, result.tiles);
  std::vector<TileDigest> block;
  out.pairs("/tile_digests", "1", result.tiles, [&](std::uint64_t first, std::span<std::uint64_t> to) {
    block.resize(to.size() / 2);
    digests(first, block);
    digest.add(block);
    std::ranges::copy(as_pairs(block), to.begin());
  });
  std::string const hex = digest.hex();
  write_root(out, result, hex);
  out.finish();
  return hex;
}

struct ResultFile::State {
  Document document;
  Result result;
};

ResultFile::ResultFile(std::filesystem::path const& path)
    : state_(new State{Document(path, filetype, major_version), {}}) {
  state_->result = read_content(state_->document);
  Result const& found = state_->result;
  ResultDigest digest(found.job_hash, found.arithmetic_version, found.tiles);
  std::vector<TileDigest> block(std::min<std::uint64_t>(found.tiles, digests_per_block));
  for (std::uint64_t first = 0; first < found.tiles; first += block.size()) {
    block.resize(std::min<std::uint64_t>(found.tiles - first, digests_per_block));
    read_digests(first, block);
    digest.add(block);
  }
  if (digest.hex() != found.result_digest)
    state_->document.refuse("/tile_digests", "do not give the root's result_digest");
}

ResultFile::~ResultFile() = default;
ResultFile::ResultFile(ResultFile&&) noexcept = default;
ResultFile& ResultFile::operator=(ResultFile&&) noexcept = default;

Result const& ResultFile::result() const { return state_->result; }
std::filesystem::path const& ResultFile::path() const { return state_->document.path(); }

void ResultFile::read_digests(std::uint64_t first, std::span<TileDigest> out) const {
  state_->document.pairs("/tile_digests", first, as_pairs(out));
}

Result read_result(std::filesystem::path const& path) { return ResultFile(path).result(); }

}  // namespace muster::io
