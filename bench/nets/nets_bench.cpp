// Steps of training on one core: nets_bench WIDTH LAYERS BATCH [plain|slopes] [SECONDS] [DROPOUT]. One JSON line: core seconds of the parts of
// a step, as a train job takes them. bench/nets/torch_peers.py runs PyTorch beside it.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <string_view>
#include <vector>

#include "kernels/nets/dropout.hpp"
#include "kernels/nets/host_net.hpp"
#include "kernels/nets/update.hpp"

namespace {

using namespace muster::kernels::nets;

double core_s() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Something to learn from; its values do not matter.
std::vector<float> numbers(std::size_t count, float scale) {
  std::vector<float> values(count);
  std::uint32_t state = 1;
  for (auto& x : values) x = scale * (static_cast<float>((state = state * 1664525 + 1013904223) >> 8) * 0x1p-23f - 1);
  return values;
}

struct Step {
  double load_s = 0, gradient_s = 0, update_s = 0;
  double total() const { return load_s + gradient_s + update_s; }
};

class Bench {
 public:
  Bench(Shape const& shape, std::uint32_t batch, bool has_slopes, double rate)
      : shape_(shape), batch_(batch), has_slopes_(has_slopes), net_(shape, has_slopes ? HostNet::Use::learn_slopes : HostNet::Use::learn),
        parameters_(numbers(parameter_count(shape), 0.1f)), first_(parameters_.size()), second_(parameters_.size()), average_(parameters_),
        to_(parameters_), to_first_(first_), to_second_(second_), to_average_(average_),
        inputs_(numbers(std::size_t{batch} * shape.inputs(), 1)), targets_(numbers(batch, 1)), slopes_(numbers(inputs_.size(), 1)),
        lambda_(shape.inputs(), 0.1f), scales_(2 * shape.layers(), 0x1p40), sums_(parameters_.size()), most_(scales_.size()), has_dropout_(rate > 0),
        dropout_(dropout_of(rate, 1, 35, 0)), samples_(batch) {
    std::iota(samples_.begin(), samples_.end(), 0u);
  }

  /// In eight shards, as jobs do by default.
  Step step() {
    Step of;
    double const start = core_s();
    std::ranges::fill(sums_, 0);
    net_.load(parameters_);
    double const loaded = core_s();
    constexpr std::uint32_t shards = 8;
    std::vector<Block> blocks;
    for (std::uint32_t s = 0; s < shards; ++s) {
      std::uint32_t const first = batch_ * s / shards, end = batch_ * (s + 1) / shards;
      if (first == end) continue;
      std::size_t const at = std::size_t{first} * shape_.inputs();
      blocks.push_back({{inputs_.data() + at, targets_.data() + first, has_slopes_ ? slopes_.data() + at : nullptr, end - first, samples_.data() + first}, most_.data()});
    }
    net_.add_gradients(blocks, {1, has_slopes_ ? lambda_.data() : nullptr, has_dropout_ ? &dropout_ : nullptr}, scales_, sums_);
    double const summed = core_s();
    update({.gradient_scale = 0x1p-40 / batch_, .learning_rate = 1e-6f, .square_momentum = 0.99f}, sums_,
           {parameters_, first_, second_, average_}, {to_, to_first_, to_second_, to_average_});
    std::swap(parameters_, to_), std::swap(first_, to_first_), std::swap(second_, to_second_), std::swap(average_, to_average_);
    return {loaded - start, summed - loaded, core_s() - summed};
  }

 private:
  Shape shape_;
  std::uint32_t batch_;
  bool has_slopes_;
  HostNet net_;
  std::vector<float> parameters_, first_, second_, average_, to_, to_first_, to_second_, to_average_;
  std::vector<float> inputs_, targets_, slopes_, lambda_;
  std::vector<double> scales_;
  std::vector<std::int64_t> sums_;
  std::vector<std::uint32_t> most_;
  bool has_dropout_;
  Dropout dropout_;
  std::vector<std::uint32_t> samples_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: nets_bench WIDTH LAYERS BATCH [plain|slopes] [SECONDS] [DROPOUT]\n");
    return 2;
  }
  auto const width = static_cast<std::uint32_t>(std::atoi(argv[1])), layers = static_cast<std::uint32_t>(std::atoi(argv[2])),
             batch = static_cast<std::uint32_t>(std::atoi(argv[3]));
  bool const has_slopes = argc > 4 && std::string_view(argv[4]) == "slopes";
  double const limit_s = argc > 5 ? std::atof(argv[5]) : 2;
  Shape shape{{8}, Activation::silu};
  shape.widths.insert(shape.widths.end(), layers, width);
  shape.widths.push_back(1);
  Bench bench(shape, batch, has_slopes, argc > 6 ? std::atof(argv[6]) : 0);
  bench.step();
  Step best = bench.step();
  for (double const start = core_s(); core_s() - start < limit_s;) {
    auto const one = bench.step();
    if (one.total() < best.total()) best = one;
  }
  double const flops = (has_slopes ? 12 : 6) * forward_work(shape) * batch;
  fmt::print("{{\"parameters\": {}, \"batch\": {}, \"slopes\": {}, \"step_s\": {:.4g}, \"load_s\": {:.3g}, \"gradient_s\": {:.4g}, \"update_s\": "
             "{:.3g}, \"gflops\": {:.4g}}}\n",
             parameter_count(shape), batch, has_slopes, best.total(), best.load_s, best.gradient_s, best.update_s, flops / best.total() * 1e-9);
}
