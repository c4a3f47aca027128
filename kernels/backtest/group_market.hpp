// What of a market a GPU reads in another form than a CPU does; made on the host.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/backtest/engine.hpp"
#include "kernels/backtest/group_layout.hpp"

namespace muster::kernels::backtest {

/// Events of a tape as dense arrays.
template <class T>
struct DenseEvents {
  std::vector<T> split, inverse_split, dividend;
  std::vector<std::uint8_t> has_events;

  explicit DenseEvents(Tape<T> const& tape)
      : split(tape.close.size(), T(1)), inverse_split(tape.close.size(), T(1)), dividend(tape.close.size(), T(0)),
        has_events(tape.bars) {
    for (std::uint32_t t = 0; t < tape.bars; ++t)
      for (std::uint32_t e = tape.event_begin[t]; e < tape.event_begin[t + 1]; ++e) {
        auto const& event = tape.events[e];
        std::size_t const i = std::size_t{t} * tape.padded + event.symbol;
        split[i] = event.delisted ? T(0) : event.split;
        inverse_split[i] = event.inverse_split;
        dividend[i] = event.dividend;
        has_events[t] = 1;
      }
  }
};

/// [bar][lane]: the slots that trade, and from bit 16 on those with an event.
template <class T>
std::vector<std::uint32_t> flags_of(Tape<T> const& tape, GroupLayout layout) {
  auto const lanes = static_cast<std::uint32_t>(layout.lanes);
  std::vector<std::uint32_t> flags(std::size_t{tape.bars} * lanes);
  for (std::uint32_t t = 0; t < tape.bars; ++t) {
    std::uint32_t* const bar = flags.data() + std::size_t{t} * lanes;
    for (std::uint32_t s = 0; s < tape.symbols; ++s)
      if (tape.open[std::size_t{t} * tape.padded + s] > 0) bar[s % lanes] |= 1u << s / lanes;
    for (std::uint32_t e = tape.event_begin[t]; e < tape.event_begin[t + 1]; ++e)
      bar[tape.events[e].symbol % lanes] |= 0x10000u << tape.events[e].symbol / lanes;
  }
  return flags;
}

/// What a symbol is worth at the open.
template <class T>
std::vector<T> opening_marks(Tape<T> const& tape) {
  std::vector<T> marks(tape.open.size());
  for (std::size_t i = 0; i < marks.size(); ++i) marks[i] = tape.open[i] > 0 ? tape.open[i] : tape.close[i];
  return marks;
}

template <class T>
std::vector<T> volatility_scales(Features const& features) {
  std::vector<T> scales(features.volatility_scale.size());
  for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = T(features.volatility_scale[i]) / T(feature_one);
  return scales;
}

/// Rules that do alike things side by side, those with most to do first: the rules of a warp wait for each other.
inline unsigned work_of(Rule const& rule) {
  unsigned terms = 0;
  for (Term const& term : rule.terms) terms += term.weight_percent != 0 ? 1 : 0;
  bool const has_levels = rule.stop_half_percent != 0 || rule.target_half_percent != 0;
  return ((rule.sizing == Sizing::volatility ? 4u : 0u) + (has_levels ? 2u : 0u) + (rule.holding_bars != 0 ? 1u : 0u)) * 16 + terms;
}

inline std::vector<std::uint32_t> order_of(Rule const* rules, std::size_t count) {
  constexpr unsigned kinds = 128;
  std::size_t begin[kinds + 1] = {};
  for (std::size_t i = 0; i < count; ++i) begin[kinds - work_of(rules[i])] += 1;
  for (unsigned k = 1; k <= kinds; ++k) begin[k] += begin[k - 1];
  std::vector<std::uint32_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[begin[kinds - 1 - work_of(rules[i])]++] = static_cast<std::uint32_t>(i);
  return order;
}

}  // namespace muster::kernels::backtest
