#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/job_file.hpp"
#include "cli/machine.hpp"
#include "cli/recompute.hpp"
#include "cli/stored_result.hpp"
#include "core/text.hpp"

namespace muster::cli {
namespace {

constexpr std::uint64_t least_tiles = 16;

struct Findings {
  std::uint64_t compared = 0;
  std::uint64_t different = 0;
  std::optional<std::uint64_t> first_tile;
  std::vector<std::string> others;  ///< what differs beside tiles
  std::string stages;               ///< of a job in steps: those computed
  bool is_same() const { return different == 0 && others.empty(); }
};

void compare_tiles(io::ResultFile const& file, TileRange range, std::span<TileDigest const> digests,
                   Findings& findings) {
  std::vector<TileDigest> stored(digests.size());
  file.read_digests(range.first, stored);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    ++findings.compared;
    if (digests[i] == stored[i]) continue;
    ++findings.different;
    auto const tile = range.first + i;
    if (!findings.first_tile || tile < *findings.first_tile) findings.first_tile = tile;
  }
}

void compare_whole(io::Result const& stored, LoadedJob const& loaded, Slots const& sums, Findings& findings) {
  if (sums != stored.sums) findings.others.emplace_back("the sums differ");
  if (auto const datum = first_difference(stored.tables, loaded.job->results(sums, stored.tiles)))
    findings.others.push_back("the tables differ: " + *datum);
}

/// "0 to 12, 40 to 51", those side by side in one.
std::string stages_text(std::span<Stretch const> stretches) {
  std::string text;
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    bool const goes_on = i > 0 && stretches[i].first == stretches[i - 1].end, is_gone_on_from = i + 1 < stretches.size() && stretches[i + 1].first == stretches[i].end;
    if (!goes_on) text += fmt::format("{}{} to ", text.empty() ? "" : ", ", human_count(stretches[i].first));
    if (!is_gone_on_from) text += human_count(stretches[i].end - 1);
  }
  return text;
}

/// Of a job in steps: stretches of it, drawn by the seed.
void verify_steps(LoadedJob const& loaded, io::Result const& stored, Machine const& machine, Selection const& selection, Judge const& judge,
                  Findings& findings) {
  Trail const trail{stored.waypoints, stored.sums, stored.tiles};
  auto stretches = choose_stretches(*loaded.job, trail, selection);
  recompute(*loaded.job, machine.consumption, trail, stretches, judge);
  findings.stages = stages_text(stretches);
  for (auto const& stretch : stretches)
    if (!stretch.is_same) findings.others.push_back(fmt::format("what comes of stage {} differs", human_count(stretch.end - 1)));
  // Whole and the same in the end: the tables are made of that.
  if (selection.is_whole() && findings.is_same()) compare_whole(stored, loaded, stored.sums, findings);
}

std::string to_text(VerifyOptions const& options, io::Result const& stored, Machine const& machine,
                    Selection const& selection, Findings const& findings) {
  auto text = fmt::format("{} of {} tiles of {} recomputed on {}\n", human_count(findings.compared),
                          human_count(stored.tiles), options.result.string(), machine.devices);
  if (!findings.stages.empty()) text += fmt::format("stages {}\n", findings.stages);
  if (findings.is_same())
    return text + fmt::format("every bit is the same{}\ndigest   {}\n",
                              selection.is_whole() ? ", sums and tables too" : "", stored.result_digest);
  if (findings.different > 0)
    text += fmt::format("{} tiles differ, the first is tile {}\n", human_count(findings.different), *findings.first_tile);
  for (auto const& other : findings.others) text += other + "\n";
  return text;
}

Value to_json(io::Result const& stored, Machine const& machine, Selection const& selection, Findings const& findings) {
  Value::Array others;
  for (auto const& other : findings.others) others.emplace_back(other);
  auto json = Value::object({{"same", findings.is_same()},
                             {"tiles", stored.tiles},
                             {"tiles_compared", findings.compared},
                             {"tiles_different", findings.different},
                             {"sums_and_tables_compared", selection.is_whole()},
                             {"other_differences", std::move(others)},
                             {"stages", findings.stages},
                             {"result_digest", stored.result_digest},
                             {"devices", machine.devices}});
  json.set("first_different_tile", findings.first_tile ? Value(*findings.first_tile) : Value());
  return json;
}

}  // namespace

int cmd_verify(VerifyOptions const& options, Form form) {
  MUSTER_REQUIRE(options.machine.ranks == 1, "--ranks {} (verify has one rank; its threads share the tiles); "
                 "use --threads", options.machine.ranks);
  io::ResultFile const file(options.result);
  auto const& stored = file.result();
  auto const loaded = load_stored_job(stored, options.result);
  auto const selection = parse_selection(options.sample, stored.tiles, options.sample_seed, least_tiles);
  auto const machine = prepare_machine_for(stored, options.result, options.machine);
  Findings findings;
  auto const judge = [&](TileRange range, std::span<TileDigest const> digests) { compare_tiles(file, range, digests, findings); };
  if (loaded.job->steps() != nullptr) {
    verify_steps(loaded, stored, machine, selection, judge, findings);
  } else {
    auto const sums = recompute(*loaded.job, machine.consumption, selection, judge);
    if (selection.is_whole()) compare_whole(stored, loaded, sums, findings);
  }
  answer(form, to_text(options, stored, machine, selection, findings),
         to_json(stored, machine, selection, findings));
  if (findings.is_same()) return 0;
  if (form == Form::table)
    throw_error(Exit::job_failed, "{} is not what this machine computes (one of the two has a fault: the bits are "
                "promised to be the same); verify on another machine to tell which", options.result.string());
  return static_cast<int>(Exit::job_failed);
}

}  // namespace muster::cli
