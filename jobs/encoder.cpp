#include "jobs/encoder.hpp"

#include <algorithm>
#include <limits>
#include <span>

#include "core/parallel.hpp"
#include "kernels/nets/host_net.hpp"

namespace muster::jobs {
namespace {

namespace nets = kernels::nets;

/// Encodes windows some hundreds at a time.
class Batch {
 public:
  Batch(Encoder const& encoder, std::vector<float> const& rows)
      : encoder_(encoder), rows_(rows), net_(encoder.shape, nets::HostNet::Use::predict) {
    net_.load(encoder.parameters);
  }
  /// Of the windows that end with these cells.
  void encode(std::span<std::size_t const> cells, std::vector<float>& values) {
    auto const width = encoder_.shape.inputs(), latents = encoder_.shape.outputs();
    inputs_.resize(cells.size() * width);
    found_.resize(cells.size() * latents);
    for (std::size_t i = 0; i < cells.size(); ++i)
      std::copy_n(rows_.data() + (cells[i] + 1 - encoder_.window) * bar_inputs, width, inputs_.data() + i * width);
    net_.predict(inputs_, found_, {});
    for (std::size_t i = 0; i < cells.size(); ++i) std::copy_n(found_.data() + i * latents, latents, values.data() + cells[i] * latents);
  }

 private:
  Encoder const& encoder_;
  std::vector<float> const& rows_;
  nets::HostNet net_;
  std::vector<float> inputs_, found_;
};

}  // namespace

nets::Shape encoder_shape(nets::Shape const& whole) {
  return {{whole.widths.begin(), whole.widths.begin() + whole.linear_layer + 2}, whole.activation};
}

std::vector<float> encode(Encoder const& encoder, BarInputs const& inputs, int threads) {
  constexpr std::size_t at_once = 768;
  auto const rows = scaled(inputs, encoder.scales);
  std::vector<float> values(inputs.runs.size() * encoder.latents(), std::numeric_limits<float>::quiet_NaN());
  std::vector<std::size_t> cells;
  for (std::size_t cell = 0; cell < inputs.runs.size(); ++cell)
    if (inputs.runs[cell] >= encoder.window) cells.push_back(cell);
  in_pieces(cells.size(), threads, [&](std::uint64_t first, std::uint64_t count) {
    Batch batch(encoder, rows);
    for (std::size_t done = 0; done < count; done += at_once)
      batch.encode(std::span(cells).subspan(first + done, std::min(at_once, count - done)), values);
  });
  return values;
}

}  // namespace muster::jobs
