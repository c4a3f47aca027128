// Counts the work of price jobs and times their tiles: a line of JSON for each, which bench/plan/fit makes the table of
// jobs/price/work_table.cpp from.
//   plan_efforts cpu|gpu|none JOB.toml...    none: counts alone
#include <fmt/core.h>

#include <cstdio>
#include <string>

#include "core/error.hpp"
#include "core/files.hpp"
#include "jobs/price/parse.hpp"
#include "jobs/price/simulation.hpp"
#include "jobs/price/work.hpp"
#include "jobs/registry.hpp"
#include "worker/timing.hpp"

namespace {

using namespace muster;
using namespace muster::jobs;

std::string efforts_json(price::SimulationPlan const& plan) {
  std::string text;
  for (auto const& group : plan.groups()) {
    auto const counts = price::count_efforts(group.plan);
    text += fmt::format("{}{{\"class\": {}, \"counts\": {{", text.empty() ? "" : ", ",
                        static_cast<int>(price::class_of(group.plan)));
    for (std::size_t i = 0; i < counts.size(); ++i)
      text += fmt::format("{}\"{}\": {:.0f}", i == 0 ? "" : ", ", to_string(static_cast<price::Effort>(i)), counts[i]);
    text += "}}";
  }
  return text;
}

void look_at(std::string const& file, bool on_gpu, bool is_timed) {
  auto const resolved = resolve_job(read_whole_file(file, 1 << 26, "job file"), file, {}, nullptr);
  auto const job = find_kind(resolved.kind).make(resolved);
  price::SimulationPlan const plan(price::parse_resolved(resolved.text));
  auto const time = !is_timed ? topology::TileTime{} : on_gpu ? worker::time_on_gpu(*job, {Device::Kind::cuda, 0}).value() : worker::time_on_threads(*job, 1);
  auto const cost = job->cost();
  std::printf("{\"file\": \"%s\", \"tile_s\": %.6g, \"by_table_s\": %.6g, \"tile_items\": %llu, \"groups\": [%s]}\n", file.c_str(),
              time.tile_s, on_gpu ? cost.tile_gpu_s : cost.tile_core_s, static_cast<unsigned long long>(plan.tile_items()),
              efforts_json(plan).c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "plan_efforts cpu|gpu|none JOB.toml...\n");
    return 2;
  }
  try {
    std::string const device = arguments[1];
    for (int i = 2; i < count; ++i) look_at(arguments[i], device == "gpu", device != "none");
  } catch (Error const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
