// A GPU's networks and labels have the bits of this CPU's.
#include <cstdio>
#include <random>
#include <utility>

#include "kernels/nets/cuda_nets.hpp"
#include "kernels/nets/dropout.hpp"
#include "kernels/nets/host_net.hpp"
#include "tests/kernels/gpu_memory.hpp"

namespace muster::kernels::nets {
namespace {

int faults = 0;

void expect(bool good, char const* what) {
  if (!good) std::printf("FAIL %s\n", what);
  faults += good ? 0 : 1;
}

struct Case {
  std::vector<std::uint32_t> widths;
  Activation activation;
  std::uint32_t samples;
  bool has_slopes;
  std::uint32_t rows_at_once;
  std::uint32_t linear_layer = no_layer;
  double dropout = 0;
};

/// What a step comes to.
struct Found {
  std::vector<std::int64_t> sums;
  std::vector<std::uint32_t> most;
  std::vector<BlockLoss> losses, judged;
  std::vector<float> outputs, slopes;
  std::vector<double> squares;
  std::vector<float> parameters, first, second, average;  ///< after a few steps

  Moments moments() const { return {parameters, first, second, average}; }
  MomentsOut moments() { return {parameters, first, second, average}; }
};

class Scene {
 public:
  explicit Scene(Case const& of) : of_(of), shape_{of.widths, of.activation, of.linear_layer}, engine_(of.samples) {
    parameters_ = draw(parameter_count(shape_), -0.3f, 0.3f);
    inputs_ = draw(std::size_t{of.samples} * shape_.inputs(), -1, 1);
    targets_ = draw(std::size_t{of.samples} * shape_.outputs(), -1, 1);
    if (of.has_slopes) slopes_ = draw(inputs_.size(), -1, 1);
    lambda_ = draw(shape_.inputs(), 0.1f, 0.5f);
    order_ = shuffled_order(of.samples, 5, 3);
    std::uint32_t const rows = of.samples * 2 / 3;
    for (std::uint32_t first = 0, shard = 0; first < rows; first += rows / 5 + 1, ++shard)
      blocks_.push_back({first, std::min(rows / 5 + 1, rows - first), shard / 2});
  }

  Found on_host() {
    HostNet net(shape_, of_.has_slopes ? HostNet::Use::learn_slopes : HostNet::Use::learn);
    net.load(parameters_);
    auto found = empty();
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      auto const samples = gather(blocks_[b]);
      found.losses[b] = net.add_gradient(samples, weights(), scales(), found.sums,
                                         std::span(found.most).subspan(blocks_[b].shard * buckets(), buckets()));
      found.judged[b] = net.loss(samples, weights());
    }
    net.predict(inputs_, found.outputs, found.slopes);
    for (int i = 0; i < steps; ++i) step_on_host(net, found);
    return found;
  }

  /// On cards that are all the first one: copies of the network, each among members.
  Found on_gpu(std::uint32_t copies, std::uint32_t members) {
    auto found = empty();
    char const* error = nullptr;
    std::vector<CudaCard> const cards(copies * members, {0, nullptr, testing_memory()});
    DevicePlan const plan{shape_, of_.has_slopes, shape_.outputs() == 1, {inputs_.size(), targets_.size(), slopes_.size(), 0},
                          of_.rows_at_once, shards, Precision::fp32, members, 0, copies, of_.dropout > 0};
    CudaNet* const net = open_cuda_net(plan, cards, &error);
    if (net == nullptr) return expect(false, error), found;
    auto const tell = [](char const* text) { expect(text == nullptr, text); };
    tell(hold_on_cuda(net, {inputs_, targets_, slopes_}));
    tell(load_on_cuda(net, parameters_.data()));
    tell(run_cuda_net(net, blocks_, order_, weights(), scales().data(), found.sums.data(), {found.losses, found.most}));
    tell(run_cuda_net(net, blocks_, order_, weights(), nullptr, nullptr, {found.judged}));
    tell(predict_on_cuda(net, inputs_, found.outputs, found.slopes));
    tell(begin_steps_on_cuda(net, std::as_const(found).moments()));
    for (int i = 0; i < steps; ++i) {
      std::vector<BlockLoss> losses(blocks_.size());
      std::vector<std::uint32_t> most(found.most.size());
      std::size_t parts = 0, sums = 0;
      AddOthers const count = [&](std::span<std::span<std::int64_t> const> all) {
        for (auto const& part : all) ++parts, sums += part.size();
      };
      tell(sum_on_cuda(net, blocks_, order_, weights(), scales().data(), {losses, most}, {norm_scales(), found.squares}, i == 0 ? AddOthers() : count));
      expect(i == 0 || (parts == copies * members && sums == found.sums.size()), "cards have other parts of the sums");
      auto const rules = rules_of(i);
      tell(step_on_cuda(net, 2, rules));
    }
    tell(read_steps_on_cuda(net, found.moments()));
    close_cuda_net(net);
    return found;
  }

  void compare() {
    auto const host = on_host();
    for (std::uint32_t const copies : {1, 2, 3})
      for (std::uint32_t const members : {1, 2, 3, 8}) compare(host, copies, members);
  }

 private:
  void compare(Found const& host, std::uint32_t copies, std::uint32_t members) {
    auto const gpu = on_gpu(copies, members);
    std::size_t differ = 0;
    for (std::size_t i = 0; i < host.sums.size(); ++i) differ += host.sums[i] != gpu.sums[i];
    std::printf("%zu layers, %zu parameters, %s%s, %u x %u cards: %zu gradients differ\n", shape_.layers(), host.sums.size(),
                of_.has_slopes ? "slopes" : "plain", of_.dropout > 0 ? ", dropout" : "", copies, members, differ);
    expect(differ == 0, "gradients differ");
    expect(host.most == gpu.most, "largest gradients differ");
    expect(same(host.losses, gpu.losses), "losses differ");
    expect(same(host.judged, gpu.judged), "losses without gradients differ");
    expect(host.squares == gpu.squares, "squares differ");
    expect(host.parameters == gpu.parameters && host.first == gpu.first && host.second == gpu.second && host.average == gpu.average, "steps differ");
    expect(host.outputs == gpu.outputs && host.slopes == gpu.slopes, "predictions differ");
  }

  static constexpr std::uint64_t shards = 3;
  static constexpr int steps = 3;
  static TableMemory testing_memory() { return muster::testing::plain_gpu_memory(); }
  static bool same(std::vector<BlockLoss> const& a, std::vector<BlockLoss> const& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i].value != b[i].value || a[i].slope != b[i].slope) return false;
    return true;
  }
  std::vector<float> draw(std::size_t count, float from, float to) {
    std::vector<float> values(count);
    for (auto& x : values) x = std::uniform_real_distribution<float>(from, to)(engine_);
    return values;
  }
  std::size_t buckets() const { return 2 * shape_.layers(); }
  std::vector<double> scales() const {
    std::vector<double> scales;
    for (std::size_t b = 0; b < buckets(); ++b) scales.push_back(0x1p30 * static_cast<double>(1u << b % 7));
    return scales;
  }
  LossWeights weights() const { return {0.7f, of_.has_slopes ? lambda_.data() : nullptr, of_.dropout > 0 ? &dropout_ : nullptr}; }
  Found empty() const {
    return {std::vector<std::int64_t>(parameters_.size(), 5), std::vector<std::uint32_t>(shards * buckets(), 0),
            std::vector<BlockLoss>(blocks_.size()), std::vector<BlockLoss>(blocks_.size()),
            std::vector<float>(of_.samples * shape_.outputs()), std::vector<float>(shape_.outputs() == 1 ? inputs_.size() : 0),
            std::vector<double>(buckets()), parameters_, std::vector<float>(parameters_.size(), 0.01f),
            std::vector<float>(parameters_.size(), 0.02f), parameters_};
  }
  void step_on_host(HostNet& net, Found& found) {
    net.load(found.parameters);
    std::vector<std::int64_t> sums(parameters_.size(), 0);
    std::vector<std::uint32_t> most(found.most.size());
    for (auto const& block : blocks_)
      net.add_gradient(gather(block), weights(), scales(), sums, std::span(most).subspan(block.shard * buckets(), buckets()));
    auto const all = buckets_of(shape_);
    for (std::size_t b = 0; b < all.size(); ++b) {
      auto const part = [&](auto& values) { return std::span(values).subspan(all[b].first, all[b].count); };
      found.squares[b] = squared_norm(part(sums), all[b].columns, norm_scales()[b]);
      if (b < 2) continue;
      MomentsOut const to{part(found.parameters), part(found.first), part(found.second), part(found.average)};
      update(rules_of(made_)[b - 2], part(sums), {to.parameters, to.first, to.second, to.average}, to);
    }
    ++made_;
  }
  /// AdamW and plain descent in turns; the first layer is frozen.
  std::vector<UpdateRule> rules_of(int step) const {
    std::vector<UpdateRule> rules;
    for (std::size_t b = 2; b < buckets(); ++b)
      rules.push_back({.optimizer = step % 2 == 0 ? Optimizer::adamw : Optimizer::sgd, .gradient_scale = norm_scales()[b], .learning_rate = 0.01f,
                       .keep = b % 2 == 0 ? 0.99f : 1.0f, .momentum = 0.9f, .square_momentum = 0.99f, .correction = 3.0f,
                       .square_correction = 20.0f, .average_keep = 0.7f});
    return rules;
  }
  std::vector<double> norm_scales() const {
    auto scales = this->scales();
    for (auto& scale : scales) scale = 1 / scale / of_.samples;
    return scales;
  }
  Samples gather(BlockRows const& block) {
    rows_.clear(), wanted_.clear(), wanted_slopes_.clear(), numbers_.clear();
    auto const append = [](std::vector<float>& to, std::vector<float> const& from, std::uint64_t row, std::size_t width) {
      for (std::size_t i = 0; i < width && !from.empty(); ++i) to.push_back(from[row * width + i]);
    };
    for (std::uint32_t i = 0; i < block.rows; ++i) {
      auto const sample = order_.at(block.first + i);
      numbers_.push_back(static_cast<std::uint32_t>(sample));
      append(rows_, inputs_, sample, shape_.inputs());
      append(wanted_, targets_, sample, shape_.outputs());
      append(wanted_slopes_, slopes_, sample, shape_.inputs());
    }
    return {rows_.data(), wanted_.data(), of_.has_slopes ? wanted_slopes_.data() : nullptr, block.rows, numbers_.data()};
  }

  Case const of_;
  Shape const shape_;
  std::mt19937 engine_;
  RowOrder order_;
  std::vector<BlockRows> blocks_;
  int made_ = 0;
  Dropout const dropout_ = dropout_of(of_.dropout, 11, 35, 4321);
  std::vector<std::uint32_t> numbers_;
  std::vector<float> parameters_, inputs_, targets_, slopes_, lambda_, rows_, wanted_, wanted_slopes_;
};

void compare_labels(bool is_heston) {
  std::mt19937 engine(4);
  auto const draw = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(engine); };
  std::vector<PathLaw> laws;
  std::vector<std::int64_t> host, gpu;
  constexpr std::uint64_t pairs = 20'011;
  for (std::uint32_t i = 0; i < 40; ++i) {
    CallContract contract{draw(.5, 1.5), draw(.02, 2), draw(.05, .6), draw(-.02, .08), draw(0, .05)};
    if (is_heston)
      contract.heston = {draw(.01, .25), draw(.5, 5), draw(.01, .25), draw(.1, 1), draw(-.9, .1), 8 + i};
    else if (i % 2 == 1)
      contract.fixings = 12, contract.known = i % 12, contract.known_average = draw(.7, 1.3);
    laws.push_back(path_law(contract, 9, 3, i));
    LabelSums sums{};
    add_label_paths(contract, 9, 3, i, pairs, sums);
    host.insert(host.end(), sums.begin(), sums.end());
  }
  gpu.assign(host.size(), 0);
  char const* error = nullptr;
  CudaNet* const net = open_cuda_net({{{8, 8, 1}}, false, false, {}, 8, 1}, std::vector<CudaCard>{{0, nullptr, muster::testing::plain_gpu_memory()}}, &error);
  if (net == nullptr) return expect(false, error);
  error = add_paths_on_cuda(net, laws, pairs, gpu.data());
  close_cuda_net(net);
  expect(error == nullptr, error);
  std::printf("%zu labels%s: %s\n", laws.size(), is_heston ? " under Heston's model" : "", host == gpu ? "the same sums" : "other sums");
  expect(host == gpu, "labels differ");
}

}  // namespace
}  // namespace muster::kernels::nets

int main() {
  using namespace muster::kernels::nets;
  for (auto const& of : std::vector<Case>{{{5, 33, 17, 1}, Activation::silu, 1500, true, 2000},
                                          {{3, 300, 7, 1}, Activation::tanh, 911, true, 300},
                                          {{1, 1, 1}, Activation::silu, 7, true, 9},
                                          {{20, 40, 4, 40, 20}, Activation::silu, 700, false, 200, 1},
                                          {{6, 40, 8, 40, 1}, Activation::silu, 700, true, 200, 1},
                                          {{8, 31, 2}, Activation::relu, 2000, false, 5000},
                                          {{2, 1}, Activation::silu, 50, true, 50},
                                          {{270, 5}, Activation::tanh, 40, false, 40},
                                          {{5, 33, 17, 1}, Activation::silu, 1500, true, 2000, no_layer, 0.25},
                                          {{3, 300, 7, 1}, Activation::tanh, 911, true, 300, no_layer, 0.1},
                                          {{20, 40, 4, 40, 20}, Activation::silu, 700, false, 200, 1, 0.5},
                                          {{8, 131, 2}, Activation::relu, 2000, false, 5000, no_layer, 0.2},
                                          {{8, 160, 160, 160, 160, 1}, Activation::silu, 9000, true, 6000, no_layer, 0.1},
                                          {{8, 160, 160, 160, 160, 1}, Activation::silu, 30'000, true, 20'000},
                                          {{8, 512, 512, 1}, Activation::silu, 6000, true, 6000},
                                          {{9, 1472, 300, 130, 1}, Activation::tanh, 3000, false, 3000}})
    Scene(of).compare();
  compare_labels(false);
  compare_labels(true);
  std::printf(faults == 0 ? "all good\n" : "%d faults\n", faults);
  return faults == 0 ? 0 : 1;
}
