// A tile of a price job: every group's paths, folded into slots and fingerprinted.
#include <algorithm>

#include "core/error.hpp"
#include "jobs/price/simulation.hpp"
#include "kernels/price/paths.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::price {
namespace {

class SimulationRunner final : public TileRunner {
 public:
  SimulationRunner(SimulationPlan const& plan, Params const& params, Device device)
      : plan_(plan), params_(params), slots_(plan.slots()) {
    for (auto const& group : plan.groups())
      runners_.push_back(device.kind == Device::Kind::host ? kernels::make_host_paths(group.plan)
                                                           : kernels::make_cuda_paths(group.plan, device.ordinal));
    for (auto const& runner : runners_) batch_ = std::max(batch_, runner->preferred_tiles());
    raw_.resize(runners_.size());
  }

  std::uint64_t preferred_tiles() const override { return batch_; }

  void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) override {
    for (std::uint64_t done = 0; done < range.count; done += batch_) {
      TileRange const part{range.first + done, std::min(batch_, range.count - done)};
      run_batch(part, sums, digests.subspan(done, part.count));
    }
  }

 private:
  void run_batch(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
    for (std::size_t g = 0; g < runners_.size(); ++g) {
      raw_[g].resize(range.count * plan_.groups()[g].plan.rows.size() * kernels::raw_sums);
      runners_[g]->run(range, raw_[g]);
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
    for (std::size_t g = 0; g < runners_.size(); ++g) {
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
    std::uint64_t const item = runners_[g]->find_bad_item(tile, row);
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
  std::vector<std::unique_ptr<kernels::PathRunner>> runners_;
  std::vector<std::vector<std::int64_t>> raw_;
  std::vector<std::int64_t> slots_;
  std::uint64_t batch_ = 1;
};

}  // namespace

std::unique_ptr<TileRunner> make_simulation_runner(SimulationPlan const& plan, Params const& params, Device device) {
  return std::make_unique<SimulationRunner>(plan, params, device);
}

}  // namespace muster::jobs::price
