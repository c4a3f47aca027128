#include "core/error.hpp"
#include "core/instant.hpp"
#include "core/sha256.hpp"
#include "io/bars.hpp"
#include "io/bars_rules.hpp"

namespace muster::io {
namespace {

constexpr double most_shares = 1e12;

/// One symbol's holding on its way through the bars.
struct Holding {
  bool is_open = false;
  double shares = 1;
  double cash = 0;

  void step(Bars const& bars, std::size_t i) {
    bool const has_traded = bars.status[i] == BarStatus::traded;
    if (!is_open) {
      is_open = has_traded;
      return;
    }
    shares = shares * bars.split[i];
    cash = cash + shares * bars.dividend[i];
    if (!has_traded || cash == 0) return;
    shares = shares + cash / bars.open[i];
    cash = 0;
  }
};

void require_sane(Bars const& bars, std::size_t bar, std::size_t symbol, double shares) {
  if (shares >= 1 / most_shares && shares <= most_shares) return;
  auto const time = Instant(std::chrono::seconds(bars.times[bar]));
  throw_error(Exit::user,
              "{} at {}: its splits and dividends make one share {} shares (beyond 1e12 or below "
              "1e-12 an adjusted price means nothing); check them in the source, or leave the "
              "symbol out",
              bars.symbols[symbol], format_instant(time), shares);
}

void hash_text(Sha256& hash, std::string_view text) { hash.update_u64(text.size()).update(text); }

template <class T>
void hash_column(Sha256& hash, std::vector<T> const& values) {
  hash.update(std::as_bytes(std::span(values)));
}

}  // namespace

std::vector<double> forward_factor(Bars const& bars) {
  std::vector<double> factors(bars.cells());
  std::vector<Holding> holdings(bars.symbols.size());
  for (std::size_t t = 0; t < bars.size(); ++t)
    for (std::size_t s = 0; s < holdings.size(); ++s) {
      holdings[s].step(bars, bars.at(t, s));
      require_sane(bars, t, s, holdings[s].shares);
      factors[bars.at(t, s)] = holdings[s].shares;
    }
  return factors;
}

std::string bars_digest(Bars const& bars) {
  Sha256 hash;
  for (auto const& text : {to_word(bars.interval), bars.calendar, bars.time_zone, bars.currency})
    hash_text(hash, text);
  hash.update_u64(bars.symbols.size());
  for (std::string const& symbol : bars.symbols) hash_text(hash, symbol);
  hash.update_u64(bars.times.size());
  hash_column(hash, bars.times);
  for (auto const* column :
       {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume, &bars.split, &bars.dividend})
    hash_column(hash, *column);
  hash_column(hash, bars.status);
  return hash.hex();
}

}  // namespace muster::io
