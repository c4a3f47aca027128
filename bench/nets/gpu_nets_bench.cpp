// Steps of training and labels on the first GPU: gpu_nets_bench [SECONDS [GPUS]]. One line a network, batch and precision: a gradient on its
// way to the host, weights on their way back, and a step that stays on the card, with its floor: the card's fused multiply-adds in
// fp32, or its tensor cores' in bf16. Then steps of two cards that compute as one, copies x members; with one GPU both are that one,
// and what is lost is what the exchange costs beside the arithmetic.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "kernels/nets/cuda_nets.hpp"
#include "kernels/nets/update.hpp"
#include "tests/kernels/gpu_memory.hpp"

namespace {

using namespace muster::kernels::nets;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<float> numbers(std::size_t count, float scale) {
  std::vector<float> values(count);
  std::uint32_t state = 1;
  for (auto& x : values) x = scale * (static_cast<float>((state = state * 1664525 + 1013904223) >> 8) * 0x1p-23f - 1);
  return values;
}

void stop(char const* error) {
  if (error == nullptr) return;
  fmt::print("{}\n", error);
  std::exit(1);
}

template <class Work>
double fastest(double limit_s, Work const& work) {
  work();
  double best = 1e300;
  for (auto const start = Clock::now(); seconds_since(start) < limit_s || best == 1e300;) {
    auto const one = Clock::now();
    work();
    best = std::min(best, seconds_since(one));
  }
  return best;
}

/// An H200's 132 multiprocessors of 128 lanes at 1.98 GHz, or its datasheet's dense bf16 and fp16.
constexpr double floor_flops(Precision precision) { return precision == Precision::fp32 ? 132 * 128 * 2 * 1.98e9 : 989e12; }

/// GPUs that compute as one; beyond those there are, the first again.
struct Team {
  std::uint32_t copies = 1, members = 1;
  int gpus = 1;  ///< there are

  std::vector<CudaCard> cards() const {
    std::vector<CudaCard> cards;
    for (int i = 0; i < static_cast<int>(copies * members); ++i) cards.push_back({i % gpus, nullptr, muster::testing::plain_gpu_memory(i % gpus)});
    return cards;
  }
};

void bench_steps(std::uint32_t width, std::uint32_t layers, std::uint32_t batch, bool has_slopes, Precision precision, double limit_s,
                 Team const& team = {}) {
  Shape shape{{8}, Activation::silu};
  shape.widths.insert(shape.widths.end(), layers, width);
  shape.widths.push_back(1);
  auto const count = parameter_count(shape);
  constexpr std::uint32_t shards = 8, samples = 200'000;
  DevicePlan plan{shape, has_slopes, has_slopes, {samples * 8, samples, has_slopes ? samples * 8 : 0, 0}, batch / team.copies, shards,
                  precision, team.members, 0, team.copies};
  char const* error = nullptr;
  CudaNet* const net = open_cuda_net(plan, team.cards(), &error);
  stop(error);
  auto const inputs = numbers(std::size_t{samples} * 8, 1), targets = numbers(samples, 1), slopes = numbers(has_slopes ? inputs.size() : 0, 1);
  stop(hold_on_cuda(net, {inputs, targets, slopes}));
  auto parameters = numbers(count, 0.1f), first = numbers(count, 0), second = first, average = parameters;
  std::vector<BlockRows> blocks;
  std::uint32_t const block = std::max(256u, batch / 64);
  for (std::uint32_t s = 0; s < shards; ++s)
    for (std::uint32_t at = batch / shards * s; at < batch / shards * (s + 1); at += block)
      blocks.push_back({at, std::min(block, batch / shards * (s + 1) - at), s});
  std::vector<std::int64_t> sums(count);
  std::vector<std::uint32_t> most(shards * 2 * shape.layers());
  std::vector<BlockLoss> losses(blocks.size());
  std::vector<float> const lambda(8, 0.1f);
  std::vector<double> const scales(2 * shape.layers(), 0x1p40);
  auto const order = shuffled_order(samples, 1, 1);
  double const load_s = fastest(limit_s / 4, [&] { stop(load_on_cuda(net, parameters.data())); });
  double const gradient_s = fastest(limit_s, [&] {
    stop(run_cuda_net(net, blocks, order, {1, has_slopes ? lambda.data() : nullptr}, scales.data(), sums.data(), {losses, most}));
  });
  stop(begin_steps_on_cuda(net, {parameters, first, second, average}));
  UpdateRule const rule{.gradient_scale = 0x1p-60, .learning_rate = 1e-6f, .square_momentum = 0.99f};
  std::vector<UpdateRule> const rules(scales.size(), rule);
  std::vector<double> squares(scales.size());
  double const step_s = fastest(limit_s, [&] {
    stop(sum_on_cuda(net, blocks, order, {1, has_slopes ? lambda.data() : nullptr}, scales.data(), {losses, most}, {squares, squares}, {}));
    stop(step_on_cuda(net, 0, rules));
  });
  close_cuda_net(net);
  double const flops = (has_slopes ? 12 : 6) * forward_work(shape) * batch;
  fmt::print("{:>9} {:>7} {:>6} {:>4}  {:>10.4g} {:>10.4g} {:>10.4g}  {:>8.4g} {:>6.3g}  {:>10.4g}  {} x {}\n", count, batch, has_slopes ? "slopes" : "plain",
             name_of(precision), gradient_s * 1e3, load_s * 1e3, step_s * 1e3, flops / step_s * 1e-12,
             flops / step_s / floor_flops(precision), batch / step_s, team.copies, team.members);
}

void bench_labels(std::uint32_t fixings, double limit_s) {
  std::vector<PathLaw> laws;
  for (std::uint32_t i = 0; i < 4096; ++i) {
    CallContract contract{1, 1, .2, .02, .01};
    contract.fixings = fixings;
    laws.push_back(path_law(contract, 9, 3, i));
  }
  char const* error = nullptr;
  CudaNet* const net = open_cuda_net({{{8, 8, 1}}, false, false, {}, 8, 1}, std::vector<CudaCard>{{0, nullptr, muster::testing::plain_gpu_memory()}}, &error);
  stop(error);
  std::vector<std::int64_t> sums(laws.size() * label_sums);
  constexpr std::uint64_t pairs = 80'000;
  double const taken = fastest(limit_s, [&] { stop(add_paths_on_cuda(net, laws, pairs, sums.data())); });
  close_cuda_net(net);
  fmt::print("labels of {} fixing{}: {:.4g} paths/s, {:.4g} path-steps/s\n", fixings, fixings == 1 ? "" : "s",
             2.0 * pairs * static_cast<double>(laws.size()) / taken, 2.0 * pairs * fixings * static_cast<double>(laws.size()) / taken);
}

}  // namespace

int main(int argc, char** argv) {
  double const limit_s = argc > 1 ? std::atof(argv[1]) : 1;
  fmt::print("{:>9} {:>7} {:>6} {:>4}  {:>10} {:>10} {:>10}  {:>8} {:>6}  {:>10}\n", "params", "batch", "", "", "gradient ms", "load ms", "step ms", "TFLOP/s",
             "floor", "samples/s");
  for (std::uint32_t const batch : {131'072u, 1024u})
    for (auto const& [width, layers] : {std::pair{160u, 4u}, {512u, 5u}, {1472u, 6u}})
      for (bool const has_slopes : {false, true})
        for (auto const precision : {Precision::fp32, Precision::bf16, Precision::fp16}) bench_steps(width, layers, batch, has_slopes, precision, limit_s);
  int const gpus = argc > 2 ? std::max(1, std::atoi(argv[2])) : 1;
  for (auto const& [copies, members] : {std::pair{1u, 1u}, {2u, 1u}, {1u, 2u}})
    for (std::uint32_t const width : {512u, 1472u}) bench_steps(width, 5, 131'072, false, Precision::fp32, limit_s, {copies, members, gpus});
  for (std::uint32_t const fixings : {1u, 12u}) bench_labels(fixings, limit_s);
}
