#include "jobs/train/windows.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "jobs/bars.hpp"

namespace muster::jobs::train {
namespace {

std::size_t share_of(double share, std::size_t bars) {
  return std::min(static_cast<std::size_t>(share * static_cast<double>(bars) + 0.5), bars);
}

/// visit(cell) for each window's last bar, symbol after symbol.
template <class Visit>
void each_window(std::vector<std::uint32_t> const& runs, std::size_t bars, std::size_t window, BarRange range, Visit visit) {
  for (std::size_t first = 0; first < runs.size(); first += bars)
    for (std::size_t bar = range.first; bar < range.last; ++bar)
      if (ends_window(runs[first + bar], bar, window, range)) visit(first + bar);
}

void require_windows(std::uint64_t count, std::string_view name, BarRange range, std::uint64_t window) {
  MUSTER_REQUIRE(range.size() > window,
                 "spans: the {} span of bars {} to {} is shorter than a window of {} bars and the close before it (nothing could be "
                 "{} it); give more bars, another share, or a smaller encoder.window",
                 name, range.first, range.last, window, name == "train" ? "learned from" : "judged by");
  MUSTER_REQUIRE(count > 0,
                 "spans: no symbol trades in {} bars in a row within the {} span of bars {} to {} (a window has no gaps); fill the "
                 "gaps of the bar file, or give a smaller encoder.window",
                 window + 1, name, range.first, range.last);
}

}  // namespace

std::array<BarRange, span_count> spans_of(SpanChoice const& choice, std::size_t bars) {
  auto const middle = share_of(choice.train, bars), end = share_of(choice.train + choice.validation, bars);
  return {{{0, middle}, {middle, end}, {end, bars}}};
}

SampleCounts count_windows(Params const& params, io::Bars const& bars) {
  auto const window = params.encoder.window;
  auto const runs = runs_of(bars);
  auto const spans = spans_of(params.spans, bars.size());
  std::array<std::uint64_t, span_count> counts{};
  for (std::size_t i = 0; i < span_count; ++i) {
    each_window(runs, bars.size(), window, spans[i], [&](std::size_t) { ++counts[i]; });
    if (i < 2 || spans[i].size() > 0) require_windows(counts[i], span_names[i], spans[i], window);
  }
  return {counts[0], counts[1], counts[2], bars.cells()};
}

Windows make_windows(Params const& params, io::Bars const& bars) {
  Windows windows{bars.interval, bars.symbols, bars.times, spans_of(params.spans, bars.size()), {}, nullptr};
  auto const inputs = bar_inputs_of(bars);
  windows.scales = scales_of(inputs, windows.spans[0]);
  auto data = std::make_shared<Dataset>();
  auto const window = params.encoder.window;
  data->inputs = data->outputs = static_cast<std::uint32_t>(window * bar_inputs);
  data->value_weight = 1.0f / static_cast<float>(data->outputs);
  data->rows = scaled(inputs, windows.scales);
  data->row_step = bar_inputs;
  for (auto const span : windows.spans)
    each_window(inputs.runs, inputs.bars, window, span,
                [&](std::size_t cell) { data->places.push_back(static_cast<std::uint32_t>(cell + 1 - window)); });
  windows.data = std::move(data);
  return windows;
}

Windows const& WindowSource::windows() const {
  std::call_once(is_made_, [this] { windows_ = make_windows(params_, open_bars(params_.market.bars, params_.market.digest, folder_)->bars); });
  return windows_;
}

}  // namespace muster::jobs::train
