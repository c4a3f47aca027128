#include "jobs/train/reconstruction.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "io/bars_rules.hpp"
#include "jobs/bars.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/components.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/repeats.hpp"
#include "kernels/nets/host_net.hpp"

namespace muster::jobs::train {
namespace {

namespace nets = kernels::nets;

/// Samples [first, first + count) of a span.
struct Part {
  std::uint64_t first = 0, count = 0;
};
std::array<Part, span_count> parts_of(SampleCounts const& samples) {
  return {{{0, samples.train}, {samples.train, samples.validation}, {samples.train + samples.validation, samples.test}}};
}

/// visit(inputs, outputs) of each sample, in order, by a network of these parameters.
template <class Visit>
void each_output(nets::Shape const& shape, std::span<float const> parameters, Dataset const& data, Part part, Visit visit) {
  constexpr std::uint64_t at_once = 768;
  nets::HostNet net(shape, nets::HostNet::Use::predict);
  net.load(parameters);
  std::vector<float> rows, outputs;
  for (std::uint64_t done = 0; done < part.count; done += at_once) {
    auto const count = std::min(at_once, part.count - done);
    rows.resize(count * shape.inputs());
    outputs.resize(count * shape.outputs());
    for (std::uint64_t i = 0; i < count; ++i) std::copy_n(data.row(part.first + done + i), shape.inputs(), rows.data() + i * shape.inputs());
    net.predict(rows, outputs, {});
    for (std::uint64_t i = 0; i < count; ++i) visit(rows.data() + i * shape.inputs(), outputs.data() + i * shape.outputs());
  }
}

/// Mean squares of what a network misses, by element of a window.
std::vector<double> missed_by(nets::Shape const& shape, std::span<float const> parameters, Dataset const& data, Part part) {
  std::vector<double> squares(shape.outputs(), 0.0);
  each_output(shape, parameters, data, part, [&](float const* wanted, float const* found) {
    for (std::size_t i = 0; i < squares.size(); ++i) {
      double const error = static_cast<double>(found[i]) - static_cast<double>(wanted[i]);
      squares[i] += error * error;
    }
  });
  for (double& square : squares) square /= static_cast<double>(std::max<std::uint64_t>(part.count, 1));
  return squares;
}

/// Over the bars of a window: of one input, or of all where `input` is bar_inputs.
double mean_of(std::vector<double> const& by_element, std::size_t input) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < by_element.size(); ++i)
    if (input == bar_inputs || i % bar_inputs == input) sum += by_element[i], ++count;
  return sum / count;
}

std::string missed_name(std::size_t span) { return fmt::format("missed_of_{}", span_names[span]); }

class Reconstruction {
 public:
  Reconstruction(Params const& params, Network const& network, Windows const& windows)
      : params_(params), network_(network), windows_(windows), shape_(shape_of(params)), parts_(parts_of(params.samples)),
        components_(components_of(moments_of(*network.data, parts_[0].first, parts_[0].count))) {}

  Table reconstruction() const {
    Rows rows("reconstruction", "Mean squares a number of a window, in squared deviations of the training span: of the window itself, of "
                                "what the network misses, and of what as many principal components of the training span do.");
    for (std::size_t span = 0; span < span_count; ++span)
      if (parts_[span].count > 0) add_span(span, rows);
    return rows.take();
  }

  /// Of several networks.
  Table runs() const {
    Rows rows("runs", "Every network that was taught: its best validation, and what it misses of each span, a number of a window.");
    for (std::size_t i = 0; i < network_.learned.size(); ++i) {
      auto const& run = network_.learned[i];
      rows.put("run", "1", std::uint64_t{i + 1});
      rows.put("steps", "1", run.steps);
      rows.put("validation", "1", network_.validations[run.best].total());
      for (std::size_t span = 0; span < span_count; ++span)
        if (parts_[span].count > 0)
          rows.put(missed_name(span), "1", mean_of(missed_by(shape_, *run.parameters, *network_.data, parts_[span]), bar_inputs));
    }
    return rows.take();
  }

  Table components() const {
    Rows rows("components", "Principal components of the windows of the training span.");
    for (std::size_t i = 0; i < components_.variances.size(); ++i) {
      rows.put("component", "1", std::uint64_t{i + 1});
      rows.put("variance", "1", components_.variances[i]);
    }
    return rows.take();
  }

  /// Middles and halves that make features of latent values.
  Table latents() const {
    auto const half = encoder_shape(shape_);
    std::vector<double> sums(half.outputs(), 0.0), squares(half.outputs(), 0.0);
    auto const parameters = std::span(*network_.best_parameters).first(nets::parameter_count(half));
    auto const each = [&](auto visit) {
      each_output(half, parameters, *network_.data, parts_[0], [&](float const*, float const* found) {
        for (std::size_t i = 0; i < sums.size(); ++i) visit(i, static_cast<double>(found[i]));
      });
    };
    double const count = static_cast<double>(parts_[0].count);
    each([&](std::size_t i, double x) { sums[i] += x; });
    each([&](std::size_t i, double x) { squares[i] += (x - sums[i] / count) * (x - sums[i] / count); });
    Rows rows("latents", "Mean and deviation of each latent value over the windows of the training span.");
    for (std::size_t i = 0; i < sums.size(); ++i) {
      rows.put("latent", "1", std::uint64_t{i + 1});
      rows.put("mean", "1", sums[i] / count);
      rows.put("deviation", "1", __builtin_sqrt(squares[i] / count));
    }
    return rows.take();
  }

  Table inputs() const {
    Rows rows("scaling", "What the network is given of each bar is (value - middle) / half, at most 8 either way: log returns from the close "
                         "before, and of the traded value.");
    for (std::size_t i = 0; i < bar_inputs; ++i) {
      rows.put("name", std::string(bar_input_name(i)));
      rows.put("unit_of_it", "1");
      rows.put("middle", "1", windows_.scales[i].middle);
      rows.put("half", "1", windows_.scales[i].half);
    }
    return rows.take();
  }

  Table spans() const {
    Rows rows("spans", "Instants of the first and the last bar of each span, in UTC, and what a bar is.");
    for (std::size_t span = 0; span < span_count; ++span) {
      if (parts_[span].count == 0) continue;
      rows.put("span", std::string(span_names[span]));
      rows.put("from", "s", static_cast<std::uint64_t>(windows_.times[windows_.spans[span].first]));
      rows.put("to", "s", static_cast<std::uint64_t>(windows_.times[windows_.spans[span].last - 1]));
      rows.put("interval", io::to_word(windows_.interval));
    }
    return rows.take();
  }

  Table symbols() const {
    Rows rows("symbols", "That the network was trained on.");
    for (auto const& symbol : windows_.symbols) rows.put("symbol", symbol);
    return rows.take();
  }

 private:
  void add_span(std::size_t span, Rows& rows) const {
    auto const part = parts_[span];
    auto const moments = moments_of(*network_.data, part.first, part.count);
    auto const spread = spread_about(components_, moments), left = left_over(components_, params_.encoder.latent, moments);
    auto const missed = missed_by(shape_, *network_.best_parameters, *network_.data, part);
    for (std::size_t input = 0; input <= bar_inputs; ++input) {
      rows.put("span", std::string(span_names[span]));
      rows.put("from", bar_time(windows_.interval, windows_.times[windows_.spans[span].first]));
      rows.put("to", bar_time(windows_.interval, windows_.times[windows_.spans[span].last - 1]));
      rows.put("windows", "1", part.count);
      rows.put("input", input == bar_inputs ? "all" : std::string(bar_input_name(input)));
      rows.put("spread", "1", mean_of(spread, input));
      rows.put("network", "1", mean_of(missed, input));
      rows.put("components", "1", mean_of(left, input));
    }
  }

  Params const& params_;
  Network const& network_;
  Windows const& windows_;
  nets::Shape const shape_;
  std::array<Part, span_count> const parts_;
  Components const components_;
};

}  // namespace

std::vector<Table> reconstruction_tables(Params const& params, Network const& network, Windows const& windows) {
  Reconstruction const of(params, network, windows);
  std::vector<Table> tables{of.reconstruction()};
  if (!network.learned.empty()) tables.push_back(of.runs());
  tables.insert(tables.end(), {of.components(), of.latents(), of.inputs(), of.spans(), of.symbols()});
  return tables;
}

std::string reconstruction_text(Table const& table) {
  auto const word = [&](std::string_view name, std::size_t row) -> std::string const& { return column<std::string>(table, name)[row]; };
  auto const number = [&](std::string_view name, std::size_t row) { return column<double>(table, name)[row]; };
  auto text = fmt::format("\n  {:<11} {:<10} {:<10} {:>9} {:>8} {:>12} {:>12}   share of it that is lost\n", "span", "from", "to", "windows",
                          "of", "by network", "components");
  for (std::size_t row = 0; row < column<double>(table, "spread").size(); ++row) {
    bool const is_first = row % (bar_inputs + 1) == 0;
    text += fmt::format("  {:<11} {:<10.10} {:<10.10} {:>9} {:>8} {:>11.2f}% {:>11.2f}%\n", is_first ? word("span", row) : "",
                        is_first ? word("from", row) : "", is_first ? word("to", row) : "",
                        is_first ? fmt::format("{}", column<std::int64_t>(table, "windows")[row]) : "", word("input", row),
                        100 * number("network", row) / number("spread", row), 100 * number("components", row) / number("spread", row));
  }
  return text;
}

std::string missed_text(Table const* runs, Table const& reconstruction) {
  if (runs == nullptr) return {};
  auto const& spans = column<std::string>(reconstruction, "span");
  std::string text;
  for (std::size_t row = bar_inputs; row < spans.size(); row += bar_inputs + 1) {
    auto const missed = spread_of(column<double>(*runs, "missed_of_" + spans[row]));
    auto const share = 100 / column<double>(reconstruction, "spread")[row];
    text += fmt::format("  of all networks {:.2f}% of {} is lost, spread {:.2f}%\n", share * missed.mean, spans[row], share * missed.deviation);
  }
  return text;
}

}  // namespace muster::jobs::train
