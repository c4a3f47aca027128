#include "kernels/nets/device_layout.hpp"

#include <algorithm>

namespace muster::kernels::nets {
namespace {

/// Loads of four begin at most so far behind a matrix's end.
constexpr std::size_t read_ahead = 16;

float* matrix(Arena& arena, std::uint64_t rows, std::uint32_t stride) { return arena.take<float>(rows * stride + read_ahead); }

DeviceLayer lay_out(LayerPlace const& place, Precision precision, Arena& arena) {
  DeviceLayer layer{place, device_stride(place.in), device_stride(place.out)};
  if (precision == Precision::bf16) return layer;
  layer.forward = matrix(arena, place.in, layer.out_stride);
  layer.backward = matrix(arena, place.out, layer.in_stride);
  layer.biases = matrix(arena, 1, layer.out_stride);
  return layer;
}

/// Of the inputs, a hidden layer, or the outputs.
TraceView lay_out(DevicePlan const& plan, std::size_t index, Arena& arena) {
  std::uint32_t const stride = device_stride(plan.shape.widths[index]);
  bool const is_hidden = index > 0 && index < plan.shape.layers();
  auto const take = [&](bool is_wanted) { return is_wanted ? matrix(arena, plan.rows_at_once, stride) : nullptr; };
  TraceView trace;
  trace.value = take(!is_hidden || plan.precision == Precision::fp32);
  if (plan.precision == Precision::bf16) {
    trace.adjoint = take(plan.has_twin && index == 0);
    return trace;
  }
  trace.slope = take(is_hidden);
  trace.bend = take(is_hidden && plan.has_slopes);
  trace.adjoint = take(plan.has_twin && index < plan.shape.layers());
  trace.inner = take(plan.has_twin && index > 0);
  trace.extra = take(is_hidden && plan.has_slopes);
  return trace;
}

TensorLayer lay_out_tensor(LayerPlace const& place, std::size_t index, Arena& arena) {
  TensorLayer layer;
  layer.depth = index == 0 ? 2 * place.in : place.in;
  layer.depth_stride = tensor_stride(layer.depth);
  layer.out_stride = tensor_stride(place.out);
  layer.by_output = arena.take<Bf16>(std::size_t{place.out} * layer.depth_stride);
  layer.by_input = arena.take<Bf16>(std::size_t{place.in} * layer.out_stride);
  layer.biases = arena.take<float>(layer.out_stride);
  return layer;
}

TensorTrace lay_out_tensor(DevicePlan const& plan, std::size_t index, Arena& arena) {
  TensorTrace trace;
  bool const is_input = index == 0, is_hidden = !is_input && index < plan.shape.layers();
  trace.stride = tensor_stride(plan.shape.widths[index] * (is_input ? 2 : 1));
  auto const take = [&](bool is_wanted) { return is_wanted ? arena.take<Bf16>(plan.rows_at_once * trace.stride) : nullptr; };
  trace.value = take(is_input || is_hidden);
  trace.slope = is_hidden ? arena.take<Bf16>(fused_rows(plan.rows_at_once) * trace.stride) : nullptr;
  trace.delta = take(is_hidden && fused_width(plan) != 0);
  trace.bend = take(is_hidden && plan.has_slopes);
  trace.curl = take(is_hidden && plan.has_slopes);
  trace.inner = take(plan.has_twin && !is_input);
  trace.extra = take(is_hidden && plan.has_slopes);
  return trace;
}

TensorLayout lay_out_tensor(DevicePlan const& plan, Arena& arena) {
  TensorLayout out;
  auto const& shape = plan.shape;
  auto const places = places_of(shape);
  for (std::size_t i = 0; i < places.size(); ++i) out.layers.push_back(lay_out_tensor(places[i], i, arena));
  for (std::size_t i = 0; i < shape.widths.size(); ++i) out.trace.push_back(lay_out_tensor(plan, i, arena));
  out.by_output = arena.take<Bf16>(plan.rows_at_once * tensor_stride(shape.outputs()));
  out.by_slope = arena.take<Bf16>(plan.has_slopes ? plan.rows_at_once * tensor_stride(shape.inputs()) : 0);
  auto const widest = tensor_stride(*std::ranges::max_element(shape.widths));
  for (auto& delta : out.delta) delta = arena.take<Bf16>(plan.rows_at_once * widest);
  return out;
}

}  // namespace

std::vector<SquarePart> square_parts_of(Shape const& shape) {
  std::vector<SquarePart> parts;
  std::uint32_t number = 0;
  for (auto const& bucket : buckets_of(shape)) {
    for (std::size_t done = 0; done < bucket.count; done += square_block)
      parts.push_back({bucket.first + done, static_cast<std::uint32_t>(std::min(square_block, bucket.count - done)), number});
    ++number;
  }
  return parts;
}

DeviceLayout lay_out(DevicePlan const& plan, Arena& arena) {
  DeviceLayout out;
  auto const& shape = plan.shape;
  auto const inputs = shape.inputs(), outputs = shape.outputs();
  auto const widest = device_stride(*std::ranges::max_element(shape.widths));
  auto const slopes = plan.has_slopes ? std::uint64_t{1} : 0;
  for (auto const& place : places_of(shape)) out.layers.push_back(lay_out(place, plan.precision, arena));
  for (std::size_t i = 0; i < shape.widths.size(); ++i) out.trace.push_back(lay_out(plan, i, arena));
  out.inputs = arena.take<float>(plan.table.inputs);
  out.targets = arena.take<float>(plan.table.targets);
  out.slopes = arena.take<float>(plan.table.slopes);
  out.places = arena.take<std::uint32_t>(plan.table.places);
  out.wanted = matrix(arena, plan.rows_at_once, device_stride(outputs));
  out.wanted_slopes = matrix(arena, plan.rows_at_once * slopes, device_stride(inputs));
  out.by_output = matrix(arena, plan.rows_at_once, device_stride(outputs));
  out.by_slope = matrix(arena, plan.rows_at_once * slopes, device_stride(inputs));
  if (plan.precision == Precision::fp32)
    for (auto& delta : out.delta) delta = matrix(arena, plan.rows_at_once, widest);
  else
    out.tensor = lay_out_tensor(plan, arena);
  auto const parameters = parameter_count(shape);
  out.parameters = arena.take<float>(parameters);
  for (auto* moment : {&out.trained.parameters, &out.trained.first, &out.trained.second, &out.trained.average})
    *moment = arena.take<float>(parameters);
  out.parts = square_parts_of(shape);
  out.square_parts = arena.take<SquarePart>(out.parts.size());
  out.chains = arena.take<double>(out.parts.size() * square_chains);
  out.sums = arena.take<std::int64_t>(parameters);
  out.most = arena.take<std::uint32_t>(plan.shards * 2 * shape.layers());
  out.losses = arena.take<double>(2 * most_launch_chunks(plan.rows_at_once));
  out.note_bytes = most_launch_blocks * 32 + most_launch_chunks(plan.rows_at_once) * 8 + 4 * shape.layers() * sizeof(double) +
                   (inputs + 1) * sizeof(float) + 64;
  out.notes = arena.take<char>(out.note_bytes);
  return out;
}

std::uint32_t fused_width(DevicePlan const& plan) {
  auto const& shape = plan.shape;
  constexpr std::uint32_t most_inputs = 32, most_outputs = 4;
  if (plan.has_slopes || shape.layers() < 2 || shape.layers() > 8 || shape.inputs() > most_inputs || shape.outputs() > most_outputs) return 0;
  if (shape.linear_layer < shape.layers()) return 0;
  auto const width = shape.widths[1];
  bool const is_even = std::ranges::all_of(std::span(shape.widths).subspan(1, shape.layers() - 1), [=](auto w) { return w == width; });
  return is_even && (width == 64 || width == 128 || width == 160) ? width : 0;
}

char const* refusal_of(Precision precision, int compute_major) {
  constexpr int first_with_bf16 = 8;
  if (precision == Precision::fp32 || compute_major >= first_with_bf16) return nullptr;
  return "its tensor cores have no bf16, which begins at compute capability 8.0; choose precision fp32";
}

std::uint64_t device_bytes(DevicePlan const& plan) {
  Arena counting;
  lay_out(plan, counting);
  return counting.used();
}

}  // namespace muster::kernels::nets
