#include "io/result_file.hpp"

#include <algorithm>

#include "core/sha256.hpp"
#include "io/document.hpp"
#include "io/result_digest.hpp"
#include "io/result_layout.hpp"
#include "io/state_file.hpp"
#include "io/text_rules.hpp"
#include "io/verdict.hpp"

namespace muster::io {

using namespace result_layout;

namespace {

constexpr std::size_t digests_per_block = 1u << 16;

Column read_column(Document const& in, std::string const& group, std::string const& name) {
  std::string const path = group + "/" + name;
  Column column{name, in.text_attribute(path, "unit"), {}};
  auto values = in.column(path);
  std::visit(
      [&](auto& typed) {
        if constexpr (std::is_assignable_v<decltype(column.values)&, decltype(typed)>)
          column.values = std::move(typed);
        else
          in.refuse(path, "has elements of another type than belongs there");
      },
      values);
  if (is_text(column) != column.unit.empty())
    in.refuse(path, "has a unit that does not fit its type");
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
  if (!is_utc_instant(instant))
    in.refuse("/", fmt::format("has no UTC time in attribute \"{}\"", name));
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

std::vector<Waypoint> read_waypoints(Document const& in) {
  std::vector<Waypoint> waypoints;
  auto const column = [&](std::string const& name) { return in.column_of<std::int64_t>(name, in.shape(name).rows()); };
  auto const stages = column("/waypoints/stage"), sizes = column("/waypoints/size"), words = column("/waypoints/words");
  if (sizes.size() != stages.size()) in.refuse("/waypoints", "has columns of different lengths");
  std::span<std::int64_t const> left = words;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i] < 1 || sizes[i] < 1 || static_cast<std::uint64_t>(sizes[i]) > left.size()) in.refuse("/waypoints", "has sizes that do not fit");
    auto const own = left.first(static_cast<std::size_t>(sizes[i]));
    waypoints.push_back({static_cast<std::uint64_t>(stages[i]), {own.begin(), own.end()}});
    left = left.subspan(own.size());
  }
  if (!left.empty() || !are_proper_waypoints(waypoints)) in.refuse("/waypoints", "has stages out of order, or words of none");
  return waypoints;
}

Result read_content(Document const& in) {
  Result result;
  read_root(in, result);
  result.resolved_text = in.text("/provenance/job");
  result.topology_json = in.text("/provenance/topology");
  result.devices = in.text("/provenance/devices");
  // Since version 1.1.
  if (in.has("/provenance/execution")) result.execution_json = in.text("/provenance/execution");
  if (in.has("/provenance/plan")) result.plan_json = in.text("/provenance/plan");
  if (in.has("/provenance/device_kind")) result.device_kind = in.text("/provenance/device_kind");
  if (sha256_hex(result.resolved_text) != result.job_hash)
    in.refuse("/provenance/job", "does not have the hash of the root's job_hash");
  result.sums = in.column_of<std::int64_t>("/sums", in.shape("/sums").rows());
  // Since version 1.2.
  if (in.has("/waypoints")) result.waypoints = read_waypoints(in);
  for (std::string const& name : ordered(in, "/tables"))
    result.tables.push_back(read_table(in, name));
  h5::Shape const& digests = in.shape("/tile_digests");
  if (digests.rows() != result.tiles || digests.dims.size() != 2)
    in.refuse("/tile_digests", fmt::format("does not have {} tiles", result.tiles));
  return result;
}

}  // namespace

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
