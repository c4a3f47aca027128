// The promise itself: a small job for every algorithm, topology, migration policy and span scheme, and for each other choice
// that a job file has, ends in the bits kept in digests.txt, on this CPU's instruction set (ctest runs it once per set) and,
// with the argument `gpu`, on the GPU. `print` writes a new digests.txt.
#include <fmt/core.h>

#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/fields.hpp"
#include "jobs/evolve/parse.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/isa.hpp"

namespace {

using namespace muster;
using namespace muster::jobs::evolve;

/// Without the rules, for crossovers.
constexpr std::string_view market_job = R"(kind = "evolve"
name = "matrix"
seed = 20260102
hall_of_fame = 4
lineage = 0
[market]
bars = "synthetic:symbols=4,days=300,seed=3"
[spans]
folds = 3
[fitness]
least_trades = 1
[search]
population = 36
islands = 6
generations = 4
tile_slots = 16
crossover_spread = 0.5
mutation_rate = 0.1
migration_every = 1
[honesty]
null_markets = 1
mean_block = 10.0
trials = 4
)";

constexpr std::string_view rules_part = R"([rules]
terms = 2
indicators = ["sma", "rsi", "momentum", "zscore"]
windows = [5, 10]
longest_hold = 10
)";

struct Row {
  std::string name;
  std::vector<std::string> settings;
};

std::string quoted(std::string const& key, std::string_view word) { return fmt::format("{}=\"{}\"", key, word); }

/// The words that a key of a table takes.
schema::Names words_of(std::string const& table, std::string const& key) {
  return job_table().find(table)->table().find(key)->names;
}

std::vector<std::string> topology_settings(std::string_view topology) {
  std::vector<std::string> settings{quoted("search.topology", topology)};
  if (topology == "custom") settings.emplace_back("search.edges=[0, 3, 3, 0, 1, 4, 5, 4]");
  return settings;
}

void add_islands(std::vector<Row>& rows) {
  for (auto const algorithm : words_of("search", "algorithm"))
    for (auto const topology : words_of("search", "topology"))
      for (auto const choice : words_of("search", "migrant_choice"))
        for (auto const scheme : words_of("spans", "scheme")) {
          auto settings = topology_settings(topology);
          for (auto const& [key, word] : {std::pair{"search.algorithm", algorithm}, std::pair{"search.migrant_choice", choice},
                                          std::pair{"spans.scheme", scheme}})
            settings.push_back(quoted(key, word));
          rows.push_back({fmt::format("{}.{}.{}.{}", algorithm, topology, choice, scheme), settings});
        }
}

void add_choices(std::vector<Row>& rows, std::string const& table, std::string const& key, std::vector<std::string> const& with) {
  for (auto const word : words_of(table, key)) {
    auto settings = with;
    settings.push_back(quoted(table + "." + key, word));
    rows.push_back({fmt::format("{}.{}", key, word), settings});
  }
}

void add_others(std::vector<Row>& rows) {
  rows.push_back({"indicators.all", {"rules.indicators=\"auto\""}});
  rows.push_back({"precision.double", {"precision=\"double\""}});
  rows.push_back({"lineage.genetic", {"lineage=3"}});
  rows.push_back({"lineage.jde", {"lineage=3", "search.algorithm=\"jde\""}});
}

std::vector<Row> matrix() {
  std::vector<Row> rows;
  add_islands(rows);
  for (char const* key : {"crossover", "mutation", "adaptation", "replacement"}) add_choices(rows, "search", key, {});
  for (char const* key : {"trial_base", "trial_crossover"}) add_choices(rows, "search", key, {"search.algorithm=\"jde\""});
  add_choices(rows, "fitness", "metric", {});
  add_choices(rows, "rules", "sides", {});
  add_choices(rows, "honesty", "null_method", {});
  add_others(rows);
  return rows;
}

constexpr std::string_view function_job = R"(kind = "evolve"
objective = "{}"
dimensions = 5
seed = 7
lineage = 0
[search]
population = 36
islands = 6
generations = 10
tile_slots = 16
mutation_rate = 0.2
)";

void add_objectives(std::vector<std::pair<std::string, Params>>& jobs) {
  jobs.emplace_back("objective.crossover", parse_params(market_job, "matrix.toml", {.overrides = {"objective=\"crossover\""}}));
  for (char const* objective : {"sphere", "rosenbrock", "rastrigin", "ackley"})
    jobs.emplace_back(fmt::format("objective.{}", objective), parse_params(fmt::format(function_job, objective), "matrix.toml"));
}

std::vector<std::pair<std::string, Params>> all_jobs() {
  std::vector<std::pair<std::string, Params>> jobs;
  auto const job = std::string(market_job) + std::string(rules_part);
  for (auto const& row : matrix()) jobs.emplace_back(row.name, parse_params(job, "matrix.toml", {.overrides = row.settings}));
  add_objectives(jobs);
  return jobs;
}

std::string hex_of(std::vector<TileDigest> const& digests, Slots const& carried) {
  std::string bytes;
  for (auto const& one : digests) bytes += fmt::format("{:016x}{:016x}", one.high, one.low);
  for (auto const word : carried) bytes += fmt::format("{:016x}", static_cast<std::uint64_t>(word));
  return sha256_hex(bytes).substr(0, 32);
}

/// Over all tiles and what the job carries at its end.
std::string digest_of(Params const& params, jobs::Device device) {
  auto const job = make_evolve_job(params, "");
  auto const& steps = *job->steps();
  auto const runner = job->make_runner(device);
  auto carry = steps.first(1);
  std::vector<TileDigest> digests(job->stages().back());
  std::uint64_t first = 0;
  for (auto const end : job->stages()) {
    Slots sums(job->slots());
    TileRange const stage{first, end - first};
    auto const window = job->window(stage);
    runner->enter(carry);
    runner->run(stage, std::span(sums).subspan(window.first, window.count), std::span(digests).subspan(first, stage.count));
    carry = steps.next(carry, sums, 1);
    first = end;
  }
  return hex_of(digests, steps.encode(*carry));
}

std::map<std::string, std::string> kept_digests() {
  std::map<std::string, std::string> kept;
  std::ifstream file(MUSTER_SOURCE_DIR "/tests/jobs/evolve/digests.txt");
  std::string name, digest;
  while (file >> name >> digest) kept[name] = digest;
  return kept;
}

int compare(std::vector<std::pair<std::string, Params>> const& jobs, jobs::Device device) {
  auto const kept = kept_digests();
  int wrong = kept.size() == jobs.size() ? 0 : 1;
  for (auto const& [name, params] : jobs) {
    auto const digest = digest_of(params, device);
    auto const known = kept.find(name);
    if (known != kept.end() && known->second == digest) continue;
    ++wrong;
    fmt::print("{}: {} here, {} kept\n", name, digest, known == kept.end() ? "none" : known->second);
  }
  fmt::print("{} jobs, {} kept digests: {} differ\n", jobs.size(), kept.size(), wrong);
  return wrong == 0 ? 0 : 1;
}

int run(std::string const& word) {
  kernels::DevicePool pool([] { return kernels::Opened{kernels::open_cuda(0)}; });
  jobs::Device device;
  if (word == "gpu") device = {jobs::Device::Kind::cuda, 0, UINT64_MAX, &pool};
  auto const jobs = all_jobs();
  if (word != "print") return compare(jobs, device);
  for (auto const& [name, params] : jobs) fmt::print("{} {}\n", name, digest_of(params, device));
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return run(count > 1 ? words[1] : "");
  } catch (muster::Error const& error) {
    // An instruction set that this CPU lacks is a skipped test, not a failed one.
    fmt::print("{}\n", error.what());
    return std::strstr(error.what(), "MUSTER_ISA") != nullptr ? 77 : 1;
  }
}
