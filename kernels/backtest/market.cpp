#include "kernels/backtest/market.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace muster::kernels::backtest {
namespace {

constexpr std::uint32_t most_symbols = 4000;  // money sums of as many stay below 2^63
constexpr double least_price = 1e-6;
constexpr double most_price = 1e9;

bool is_price(double x) { return x >= least_price && x <= most_price; }
bool is_factor(double x) { return x >= 1e-9 && x <= 1e9; }

void check_sizes(Market const& m) {
  MUSTER_REQUIRE(m.symbols > 0 && m.symbols <= most_symbols, "a market of {} symbols (1 to {}); choose among them", m.symbols,
                 most_symbols);
  MUSTER_REQUIRE(m.bars > 0 && m.bars <= (1u << 28), "a market of {} bars (1 to 2^28); cut it", m.bars);
  std::size_t const cells = std::size_t{m.bars} * m.padded;
  bool const fits = m.padded == padded_symbols(m.symbols) && m.open.size() == cells && m.high.size() == cells &&
                    m.low.size() == cells && m.close.size() == cells && m.volume.size() == cells &&
                    m.factor.size() == cells && m.status.size() == cells &&
                    (m.season.empty() || m.season.size() == m.bars);
  MUSTER_REQUIRE(fits, "a market's arrays have not the size of {} bars x {} symbols; fill all of them", m.bars,
                 padded_symbols(m.symbols));
}

void check_bar(Market const& m, std::uint32_t t, std::uint32_t s) {
  std::size_t const i = m.at(t, s);
  for (double const price : {m.open[i], m.high[i], m.low[i], m.close[i]})
    MUSTER_REQUIRE(is_price(price), "symbol {}, bar {}: a price of {} (must be from {} to {}); repair it or mark the bar halted", s,
                   t, price, least_price, most_price);
  bool const in_order = m.low[i] <= m.open[i] && m.low[i] <= m.close[i] && m.high[i] >= m.open[i] && m.high[i] >= m.close[i];
  MUSTER_REQUIRE(in_order, "symbol {}, bar {}: open {}, high {}, low {}, close {} (low must be the least, high the most); repair it", s,
                 t, m.open[i], m.high[i], m.low[i], m.close[i]);
  MUSTER_REQUIRE(m.volume[i] >= 0 && m.volume[i] <= 1e18, "symbol {}, bar {}: a volume of {} (must be from 0 to 1e18); repair it", s, t,
                 m.volume[i]);
  MUSTER_REQUIRE(is_factor(m.factor[i]), "symbol {}, bar {}: a price factor of {} (must be from 1e-9 to 1e9); repair its events", s,
                 t, m.factor[i]);
}

void check_symbol(Market const& m, std::uint32_t s) {
  Status last = Status::unlisted;
  for (std::uint32_t t = 0; t < m.bars; ++t) {
    Status const now = m.status[m.at(t, s)];
    MUSTER_REQUIRE(now <= Status::delisted, "symbol {}, bar {}: status {} (must be 0 to 3); repair it", s, t, static_cast<int>(now));
    MUSTER_REQUIRE(last == Status::unlisted || now != Status::unlisted,
                   "symbol {}, bar {}: not listed after it was (a symbol is listed once); mark the bar halted", s, t);
    MUSTER_REQUIRE(last != Status::delisted || now == Status::delisted,
                   "symbol {}, bar {}: trades after it was delisted (its position was closed); make it two symbols", s, t);
    if (now == Status::traded) check_bar(m, t, s);
    last = now;
  }
}

void check_pads(Market const& m) {
  for (std::uint32_t t = 0; t < m.bars; ++t)
    for (std::uint32_t s = m.symbols; s < m.padded; ++s)
      MUSTER_REQUIRE(m.status[m.at(t, s)] == Status::unlisted, "symbol {}, bar {}: beyond the last symbol but listed; clear it", s, t);
}

void check_events(Market const& m) {
  MarketEvent const* last = nullptr;
  for (MarketEvent const& e : m.events) {
    MUSTER_REQUIRE(e.bar < m.bars && e.symbol < m.symbols, "an event of symbol {}, bar {} (the market has {} x {}); drop it", e.symbol,
                   e.bar, m.symbols, m.bars);
    bool const ascends = last == nullptr || last->bar < e.bar || (last->bar == e.bar && last->symbol < e.symbol);
    MUSTER_REQUIRE(ascends, "symbol {}, bar {}: an event out of order or twice (bars, then symbols, ascend); sort and join them",
                   e.symbol, e.bar);
    MUSTER_REQUIRE(e.split >= 1e-4 && e.split <= 1e4, "symbol {}, bar {}: a split of {} (must be from 1e-4 to 1e4); repair it", e.symbol,
                   e.bar, e.split);
    MUSTER_REQUIRE(e.dividend_usd >= 0 && e.dividend_usd <= most_price, "symbol {}, bar {}: a dividend of {} (must be 0 or more); repair it",
                   e.symbol, e.bar, e.dividend_usd);
    Status const status = m.status[m.at(e.bar, e.symbol)];
    MUSTER_REQUIRE(status <= Status::halted, "symbol {}, bar {}: an event while it is not listed; drop it", e.symbol, e.bar);
    last = &e;
  }
}

/// Last traded closes, one symbol at a time, as splits change them.
class LastClose {
 public:
  explicit LastClose(Market const& market) : market_(market), last_(market.padded, 0.0) {}
  void apply(MarketEvent const& event) { last_[event.symbol] /= event.split; }
  /// 0: never traded yet.
  double of(std::uint32_t symbol) const { return last_[symbol]; }
  void pass(std::uint32_t bar) {
    for (std::uint32_t s = 0; s < market_.symbols; ++s)
      if (market_.status[market_.at(bar, s)] == Status::traded) last_[s] = market_.close[market_.at(bar, s)];
  }

 private:
  Market const& market_;
  std::vector<double> last_;
};

template <class T>
void add_events(Market const& m, std::uint32_t bar, std::size_t& next, LastClose& last, Tape<T>& tape) {
  for (; next < m.events.size() && m.events[next].bar == bar; ++next) {
    MarketEvent const& e = m.events[next];
    last.apply(e);
    tape.events.push_back({e.symbol, false, static_cast<T>(e.split), static_cast<T>(1 / e.split), static_cast<T>(e.dividend_usd)});
  }
  for (std::uint32_t s = 0; s < m.symbols && bar > 0; ++s)
    if (m.status[m.at(bar, s)] == Status::delisted && m.status[m.at(bar - 1, s)] != Status::delisted)
      tape.events.push_back({s, true, 1, 1, 0});
}

template <class T>
void add_cell(Market const& m, std::size_t i, double last, Tape<T>& tape) {
  bool const traded = m.status[i] == Status::traded;
  tape.open.push_back(traded ? static_cast<T>(m.open[i]) : T(0));
  tape.high.push_back(traded ? static_cast<T>(m.high[i]) : T(0));
  tape.low.push_back(traded ? static_cast<T>(m.low[i]) : Tape<T>::no_low);
  tape.close.push_back(last > 0 ? static_cast<T>(last) : T(1));
}

template <class T>
Tape<T> make_tape(Market const& m) {
  Tape<T> tape{m.symbols, m.padded, m.bars};
  for (auto* of : {&tape.open, &tape.high, &tape.low, &tape.close}) of->reserve(std::size_t{m.bars} * m.padded);
  LastClose last(m);
  std::size_t next = 0;
  tape.event_begin.push_back(0);
  for (std::uint32_t t = 0; t < m.bars; ++t) {
    add_events(m, t, next, last, tape);
    tape.event_begin.push_back(static_cast<std::uint32_t>(tape.events.size()));
    last.pass(t);
    for (std::uint32_t s = 0; s < m.padded; ++s) add_cell(m, m.at(t, s), last.of(s), tape);
  }
  return tape;
}

template <class V>
void cut_rows(V& values, Market const& to) {
  values.resize(std::size_t{to.bars} * to.padded);
}

}  // namespace

Market make_market(std::uint32_t symbols, std::uint32_t bars) {
  Market m;
  m.symbols = symbols;
  m.padded = padded_symbols(symbols);
  m.bars = bars;
  std::size_t const cells = std::size_t{bars} * m.padded;
  for (auto* of : {&m.open, &m.high, &m.low, &m.close, &m.volume}) of->assign(cells, 0.0);
  m.factor.assign(cells, 1.0);
  m.status.assign(cells, Status::unlisted);
  return m;
}

void fill_factors(Market& m) {
  check_sizes(m);
  check_events(m);
  LastClose last(m);
  std::vector<double> factor(m.padded, 1.0);
  std::size_t next = 0;
  for (std::uint32_t t = 0; t < m.bars; ++t) {
    for (; next < m.events.size() && m.events[next].bar == t; ++next) {
      MarketEvent const& e = m.events[next];
      double const before = last.of(e.symbol);
      double const after = before / e.split - e.dividend_usd;
      MUSTER_REQUIRE(before == 0 || after > 0, "symbol {}, bar {}: a dividend of {} for a share worth {} (it must be less); repair it",
                     e.symbol, t, e.dividend_usd, before / e.split);
      if (before > 0) factor[e.symbol] *= before / after;
      last.apply(e);
    }
    last.pass(t);
    std::copy(factor.begin(), factor.end(), m.factor.begin() + static_cast<std::ptrdiff_t>(m.at(t, 0)));
  }
}

void seal(Market& m) {
  check_sizes(m);
  for (std::uint32_t s = 0; s < m.symbols; ++s) check_symbol(m, s);
  check_pads(m);
  check_events(m);
  m.single = make_tape<float>(m);
  m.full = make_tape<double>(m);
}

Market cut(Market const& market, std::uint32_t bars) {
  MUSTER_REQUIRE(bars > 0 && bars <= market.bars, "a cut at bar {} of {} (must be from 1); change it", bars, market.bars);
  Market m = market;
  m.bars = bars;
  for (auto* of : {&m.open, &m.high, &m.low, &m.close, &m.volume, &m.factor}) cut_rows(*of, m);
  cut_rows(m.status, m);
  if (!m.season.empty()) m.season.resize(bars);
  std::erase_if(m.events, [&](MarketEvent const& e) { return e.bar >= bars; });
  seal(m);
  return m;
}

}  // namespace muster::kernels::backtest
