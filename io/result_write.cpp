#include <algorithm>
#include <set>

#include "core/sha256.hpp"
#include "io/document_writer.hpp"
#include "io/result_digest.hpp"
#include "io/result_file.hpp"
#include "io/result_layout.hpp"
#include "io/state_file.hpp"
#include "io/text_rules.hpp"

namespace muster::io {

using namespace result_layout;

namespace {

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
  MUSTER_ASSERT(are_proper_waypoints(result.waypoints), "waypoints out of order");
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
      std::visit(
          [&](auto const& values) { out.column(group + "/" + column.name, column.unit, values); },
          column.values);
  }
}

/// Their words one after the other.
void write_waypoints(DocumentWriter& out, std::vector<Waypoint> const& waypoints) {
  if (waypoints.empty()) return;
  std::vector<std::int64_t> stages, sizes, words;
  for (Waypoint const& waypoint : waypoints) {
    stages.push_back(static_cast<std::int64_t>(waypoint.stage));
    sizes.push_back(static_cast<std::int64_t>(waypoint.words.size()));
    words.insert(words.end(), waypoint.words.begin(), waypoint.words.end());
  }
  out.group("/waypoints");
  out.column("/waypoints/stage", "1", stages);
  out.column("/waypoints/size", "1", sizes);
  out.column("/waypoints/words", "1", words);
}

void write_provenance(DocumentWriter& out, Result const& result) {
  out.group("/provenance");
  out.text("/provenance/job", result.resolved_text);
  out.text("/provenance/topology", result.topology_json);
  out.text("/provenance/devices", result.devices);
  out.text("/provenance/execution", result.execution_json);
  out.text("/provenance/plan", result.plan_json);
  if (!result.device_kind.empty()) out.text("/provenance/device_kind", result.device_kind);
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

}  // namespace

std::string write_result(std::filesystem::path const& path, Result const& result,
                         DigestSource const& digests, std::function<void()> const& last_look) {
  assert_writable(result);
  DocumentWriter out(path, filetype, major_version, minor_version);
  write_provenance(out, result);
  write_tables(out, result.tables);
  out.column("/sums", "1", result.sums);
  write_waypoints(out, result.waypoints);
  ResultDigest digest(result.job_hash, result.arithmetic_version, result.tiles);
  std::vector<TileDigest> block;
  out.pairs("/tile_digests", "1", result.tiles,
            [&](std::uint64_t first, std::span<std::uint64_t> to) {
              block.resize(to.size() / 2);
              digests(first, block);
              digest.add(block);
              std::ranges::copy(as_pairs(block), to.begin());
            });
  std::string const hex = digest.hex();
  write_root(out, result, hex);
  out.finish(last_look);
  return hex;
}

}  // namespace muster::io
