// A tile of a price job: every group's paths, folded into slots and fingerprinted.
#include <algorithm>

#include "core/error.hpp"
#include "jobs/price/memory_need.hpp"
#include "jobs/price/simulation.hpp"
#include "kernels/price/device_paths.hpp"
#include "kernels/price/paths.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::price {
namespace {

/// What runs the paths of all groups.
class PathEngine {
 public:
  virtual ~PathEngine() = default;
  virtual void prepare() {}
  virtual std::optional<StepDown> step_down() { return std::nullopt; }
  /// Most tiles of one run().
  virtual std::uint64_t most_tiles() const = 0;
  virtual void run(std::size_t group, TileRange range, std::span<std::int64_t> raw) = 0;
};

class HostEngine final : public PathEngine {
 public:
  explicit HostEngine(SimulationPlan const& plan) {
    for (auto const& group : plan.groups()) runners_.push_back(kernels::make_host_paths(group.plan));
  }
  std::uint64_t most_tiles() const override { return 1; }
  void run(std::size_t group, TileRange range, std::span<std::int64_t> raw) override { runners_[group]->run(range, raw); }

 private:
  std::vector<std::unique_ptr<kernels::PathRunner>> runners_;
};

class DeviceEngine final : public PathEngine {
 public:
  DeviceEngine(SimulationPlan const& plan, kernels::DevicePool& pool) : paths_(plans_of(plan), pool), full_(paths_.shape()) {}
  void prepare() override { paths_.prepare(); }
  std::optional<StepDown> step_down() override {
    if (!paths_.halve()) return std::nullopt;
    return StepDown{MemoryStep::smaller_batch, paths_at_once(paths_.shape(), full_)};
  }
  std::uint64_t most_tiles() const override { return paths_.shape().tiles; }
  void run(std::size_t group, TileRange range, std::span<std::int64_t> raw) override { paths_.run(group, range, raw); }

 private:
  kernels::DevicePaths paths_;
  kernels::PathShape full_;
};

std::unique_ptr<PathEngine> make_engine(SimulationPlan const& plan, Device device) {
  // A tile that does not fill a block's threads is quicker on a CPU, and has the same bits there.
  if (device.kind == Device::Kind::host || !uses_devices(plan)) return std::make_unique<HostEngine>(plan);
  MUSTER_ASSERT(device.pool != nullptr, "GPU {} without a pool", device.ordinal);
  return std::make_unique<DeviceEngine>(plan, *device.pool);
}

class SimulationRunner final : public TileRunner {
 public:
  SimulationRunner(SimulationPlan const& plan, Params const& params, Device device)
      : plan_(plan), params_(params), engine_(make_engine(plan, device)), raw_(plan.groups().size()), slots_(plan.slots()) {}

  void prepare() override { engine_->prepare(); }
  std::optional<StepDown> step_down() override { return engine_->step_down(); }
  std::uint64_t preferred_tiles() const override { return engine_->most_tiles(); }

  void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) override {
    auto const batch = engine_->most_tiles();
    for (std::uint64_t done = 0; done < range.count; done += batch) {
      TileRange const part{range.first + done, std::min(batch, range.count - done)};
      run_batch(part, sums, digests.subspan(done, part.count));
    }
  }

 private:
  void run_batch(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
    for (std::size_t g = 0; g < raw_.size(); ++g) {
      raw_[g].resize(range.count * plan_.groups()[g].plan.rows.size() * kernels::raw_sums);
      engine_->run(g, range, raw_[g]);
    }
    for (std::uint64_t t = 0; t < range.count; ++t) {
      fold(t, range.first + t);
      for (std::size_t i = 0; i < slots_.size(); ++i) sums[i] += slots_[i];
      digests[t] = digest(range.first + t);
    }
  }

  /// Fills slots_ with the t-th tile of the batch.
  void fold(std::uint64_t t, std::uint64_t tile) {
    std::size_t at = 0;
    for (std::size_t g = 0; g < raw_.size(); ++g) {
      std::uint64_t const rows = plan_.groups()[g].plan.rows.size();
      for (std::uint64_t row = 0; row < rows; ++row) {
        std::int64_t const* const raw = raw_[g].data() + (t * rows + row) * kernels::raw_sums;
        if (raw[kernels::raw_bad] != 0) refuse(g, row, tile);
        kernels::fold_row(raw, plan_.groups()[g].plan.control, slots_.data() + at);
        at += plan_.slots_per_row();
      }
    }
  }

  [[noreturn]] void refuse(std::size_t g, std::uint64_t row, std::uint64_t tile) {
    auto const& group = plan_.groups()[g];
    // The CPU gives the same bits as a device, so the search for a culprit runs there.
    std::uint64_t const item = kernels::make_host_paths(group.plan)->find_bad_item(tile, row);
    std::string name = "a total of the book";
    for (std::size_t c = 0; c < group.instruments.size(); ++c)
      if (row >= group.plan.contracts[c].first_row && row < group.plan.contracts[c].first_row + group.plan.contracts[c].row_count)
        name = "instrument " + params_.instruments[group.instruments[c]].name;
    throw_error(Exit::job_failed,
                "{}: the sample of path {} in tile {} is not a number or beyond what its model allows (a sum with it "
                "would not be exact); check volatilities, the model's parameters and expiries for typing errors",
                name, item, tile);
  }

  TileDigest digest(std::uint64_t tile) const {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      high += kernels::digest_share(kernels::digest_key_high, i, slots_[i]);
      low += kernels::digest_share(kernels::digest_key_low, i, slots_[i]);
    }
    return {kernels::digest_finish(kernels::digest_key_high, tile, high),
            kernels::digest_finish(kernels::digest_key_low, tile, low)};
  }

  SimulationPlan const& plan_;
  Params const& params_;
  std::unique_ptr<PathEngine> engine_;
  std::vector<std::vector<std::int64_t>> raw_;
  std::vector<std::int64_t> slots_;
};

}  // namespace

std::unique_ptr<TileRunner> make_simulation_runner(SimulationPlan const& plan, Params const& params, Device device) {
  return std::make_unique<SimulationRunner>(plan, params, device);
}

}  // namespace muster::jobs::price
