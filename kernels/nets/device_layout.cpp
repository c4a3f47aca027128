#include "kernels/nets/device_layout.hpp"

#include <algorithm>

namespace muster::kernels::nets {
namespace {

/// Loads of four begin at most so far behind a matrix's end.
constexpr std::size_t read_ahead = 16;

float* matrix(Arena& arena, std::uint64_t rows, std::uint32_t stride) { return arena.take<float>(rows * stride + read_ahead); }

/// Of a member whose parameters begin at `first`.
DeviceLayer lay_out_layer(DevicePlan const& plan, std::size_t index, std::size_t first, Arena& arena) {
  auto const in = plan.shape.widths[index], out = plan.shape.widths[index + 1];
  DeviceLayer layer;
  layer.outputs = out;
  layer.own_in = slice_of(in, plan.member, plan.members);
  layer.own_out = slice_of(out, plan.member, plan.members);
  layer.place = {in, layer.own_out.count, first, first + std::size_t{in} * layer.own_out.count};
  layer.in_stride = device_stride(in), layer.out_stride = device_stride(out);
  layer.own_in_stride = device_stride(layer.own_in.count), layer.own_out_stride = device_stride(layer.own_out.count);
  if (is_short(plan.precision)) return layer;
  layer.forward = matrix(arena, in, layer.own_out_stride);
  layer.backward = matrix(arena, out, layer.own_in_stride);
  layer.biases = matrix(arena, 1, layer.own_out_stride);
  return layer;
}

void lay_out_layers(DevicePlan const& plan, Arena& arena, DeviceLayout& out) {
  for (std::size_t i = 0; i < plan.shape.layers(); ++i) {
    auto const& layer = out.layers.emplace_back(lay_out_layer(plan, i, out.parameter_count, arena));
    out.parameter_count = layer.place.biases + layer.place.out;
  }
}

/// Of the inputs, a hidden layer, or the outputs.
TraceView lay_out_trace(DevicePlan const& plan, std::size_t index, Arena& arena) {
  std::uint32_t const width = plan.shape.widths[index];
  std::uint32_t const all = device_stride(width), own = device_stride(slice_of(width, plan.member, plan.members).count);
  bool const is_hidden = index > 0 && index < plan.shape.layers();
  auto const take = [&](bool is_wanted, std::uint32_t stride) { return is_wanted ? matrix(arena, plan.rows_at_once, stride) : nullptr; };
  TraceView trace;
  trace.value = take(!is_hidden || plan.precision == Precision::fp32, all);
  if (is_short(plan.precision)) {
    trace.adjoint = take(plan.has_twin && index == 0, all);
    return trace;
  }
  trace.slope = take(is_hidden, own);
  trace.bend = take(is_hidden && plan.has_slopes, own);
  trace.adjoint = take(plan.has_twin && index < plan.shape.layers(), index == 0 ? all : own);
  trace.inner = take(plan.has_twin && index > 0, all);
  trace.extra = take(is_hidden && plan.has_slopes, own);
  return trace;
}

TensorLayer lay_out_tensor(LayerPlace const& place, std::size_t index, Arena& arena) {
  TensorLayer layer;
  layer.depth = index == 0 ? 2 * place.in : place.in;
  layer.depth_stride = tensor_stride(layer.depth);
  layer.out_stride = tensor_stride(place.out);
  layer.by_output = arena.take<Short>(std::size_t{place.out} * layer.depth_stride);
  layer.by_input = arena.take<Short>(std::size_t{place.in} * layer.out_stride);
  layer.biases = arena.take<float>(layer.out_stride);
  return layer;
}

TensorTrace lay_out_tensor(DevicePlan const& plan, std::size_t index, Arena& arena) {
  TensorTrace trace;
  bool const is_input = index == 0, is_hidden = !is_input && index < plan.shape.layers();
  trace.stride = tensor_stride(plan.shape.widths[index] * (is_input ? 2 : 1));
  auto const take = [&](bool is_wanted) { return is_wanted ? arena.take<Short>(plan.rows_at_once * trace.stride) : nullptr; };
  trace.value = take(is_input || is_hidden);
  trace.slope = is_hidden ? arena.take<Short>(fused_rows(plan.rows_at_once) * trace.stride) : nullptr;
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
  out.by_output = arena.take<Short>(plan.rows_at_once * tensor_stride(shape.outputs()));
  out.by_slope = arena.take<Short>(plan.has_slopes ? plan.rows_at_once * tensor_stride(shape.inputs()) : 0);
  auto const widest = tensor_stride(*std::ranges::max_element(shape.widths));
  for (auto& delta : out.delta) delta = arena.take<Short>(plan.rows_at_once * widest);
  return out;
}

void add_square_parts(std::size_t first, std::uint32_t rows, std::uint32_t columns, std::uint32_t bucket, DeviceLayout& out) {
  constexpr auto most = static_cast<std::uint32_t>(square_rows);
  for (std::uint32_t row = 0; row < rows; row += most) {
    out.parts.push_back({first + std::size_t{row} * columns, out.chain_count, std::min(most, rows - row), columns, bucket});
    out.chain_count += columns;
  }
}

/// As squared_norm adds them.
void cut_squares(DeviceLayout& out) {
  std::uint32_t bucket = 0;
  for (auto const& layer : out.layers) {
    add_square_parts(layer.place.weights, layer.place.in, layer.place.out, bucket++, out);
    add_square_parts(layer.place.biases, 1, layer.place.out, bucket++, out);
  }
}

/// Room for what members and copies of the network tell each other.
void lay_out_exchange(DevicePlan const& plan, Arena& arena, DeviceLayout& out) {
  std::uint32_t widest = 0;
  std::size_t weights = 0;
  for (auto const& layer : out.layers) {
    widest = std::max({widest, layer.own_in_stride, layer.own_out_stride});
    weights = std::max(weights, std::size_t{layer.own_in.count} * layer.outputs);
  }
  if (plan.members > 1)
    for (auto& stage : out.stage) stage = matrix(arena, plan.rows_at_once, widest);
  std::size_t const of_members = plan.members > 1 ? weights / 2 + 1 : 0;
  std::size_t const of_copies = plan.copies > 1 ? out.parameter_count / plan.copies + 1 : 0;
  out.arrivals = arena.take<std::int64_t>(std::max(of_members, of_copies));
}

}  // namespace

DeviceLayout lay_out(DevicePlan const& plan, Arena& arena) {
  DeviceLayout out;
  auto const& shape = plan.shape;
  auto const inputs = shape.inputs(), outputs = shape.outputs();
  auto const widest = device_stride(*std::ranges::max_element(shape.widths));
  auto const slopes = plan.has_slopes ? std::uint64_t{1} : 0;
  lay_out_layers(plan, arena, out);
  for (std::size_t i = 0; i < shape.widths.size(); ++i) out.trace.push_back(lay_out_trace(plan, i, arena));
  out.inputs = arena.take<float>(plan.table.inputs);
  out.targets = arena.take<float>(plan.table.targets);
  out.slopes = arena.take<float>(plan.table.slopes);
  out.places = arena.take<std::uint32_t>(plan.table.places);
  out.wanted = matrix(arena, plan.rows_at_once, device_stride(outputs));
  out.wanted_slopes = matrix(arena, plan.rows_at_once * slopes, device_stride(inputs));
  out.numbers = plan.has_dropout ? arena.take<std::uint32_t>(plan.rows_at_once) : nullptr;
  out.by_output = matrix(arena, plan.rows_at_once, device_stride(outputs));
  out.by_slope = matrix(arena, plan.rows_at_once * slopes, device_stride(inputs));
  if (plan.precision == Precision::fp32)
    for (auto& delta : out.delta) delta = matrix(arena, plan.rows_at_once, widest);
  else
    out.tensor = lay_out_tensor(plan, arena);
  lay_out_exchange(plan, arena, out);
  auto const parameters = out.parameter_count;
  out.parameters = arena.take<float>(parameters);
  for (auto* moment : {&out.trained.parameters, &out.trained.first, &out.trained.second, &out.trained.average})
    *moment = arena.take<float>(parameters);
  cut_squares(out);
  out.square_parts = arena.take<SquarePart>(out.parts.size());
  out.chains = arena.take<double>(out.chain_count);
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
  constexpr int first_major = 8;
  if (!is_short(precision) || compute_major >= first_major) return nullptr;
  return "its tensor cores do not multiply bf16, or so much fp16 at once, which begins at compute capability 8.0; choose precision fp32";
}

std::uint64_t device_bytes(DevicePlan const& plan) {
  Arena counting;
  lay_out(plan, counting);
  return counting.used();
}

}  // namespace muster::kernels::nets
