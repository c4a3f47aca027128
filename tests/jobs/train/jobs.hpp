// Small train jobs that tests run whole.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/train/parse.hpp"
#include "jobs/train/train_job.hpp"
#include "orchestrator/run.hpp"

namespace muster::jobs::train {

inline constexpr std::string_view asian_job = R"(kind = "train"
seed = 5
[contract]
type = "asian_call"
[data]
samples = 300
validation = 60
test = 50
paths = 500
tile_samples = 50
grid = 3000
[network]
width = 21
layers = 2
activation = "tanh"
[training]
epochs = 6
batch = 70
shards = 5
average = 0.9
clip_norm = 0.5
weight_decay = 0.01
)";

inline constexpr std::string_view price_job = R"(kind = "train"
seed = 6
[data]
samples = 1000
validation = 200
test = 100
paths = 1000
tile_samples = 100
grid = 200_000
[network]
width = 16
layers = 1
activation = "relu"
[training]
slopes = 0
epochs = 3
batch = 1000
shards = 2
optimizer = "sgd"
learning_rate = 0.05
schedule = "cosine"
)";

inline constexpr std::string_view heston_job = R"(kind = "train"
seed = 7
[contract]
model = "heston"
steps = 16
[data]
samples = 400
validation = 80
test = 60
paths = 400
tile_samples = 60
grid = 3000
[network]
width = 24
layers = 2
[training]
epochs = 8
batch = 100
shards = 4
)";

inline Params params_of(std::string_view text, std::vector<std::string> overrides = {}) {
  return parse_params(text, "test.toml", {.overrides = std::move(overrides)});
}

inline orchestrator::RunOutcome run(Job const& job, int ranks, orchestrator::Persistence& persistence,
                                    std::atomic<bool> const* stop = nullptr) {
  orchestrator::DriverOptions options;
  options.stop_requested = stop;
  options.leases.max_tiles_per_lease = 2;
  orchestrator::SilentProgress progress;
  return orchestrator::run_ranks_in_process(ranks, job, options, persistence, progress);
}

inline Slots sums_of(Job const& job, int ranks) {
  orchestrator::MemoryPersistence persistence;
  return run(job, ranks, persistence).sums;
}

}  // namespace muster::jobs::train
