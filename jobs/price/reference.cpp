// What a reader of the reference needs besides the tables of keys.
#include <fmt/core.h>

#include "io/import/contract_rules.hpp"
#include "jobs/price/fields.hpp"
#include "jobs/price/render.hpp"

namespace muster::jobs::price {
namespace {

constexpr std::string_view conventions =
    R"(A price job values a book of options: every contract, every strategy and the book in total, by closed forms where there
are, by Monte Carlo, or by both side by side.

## Conventions

- Times are years from the valuation instant; rates and dividend yields are continuous and fractions (0.03 is 3 %);
  volatilities are per square root of a year (0.2 is 20 %).
- A date of expiry is counted in minutes over 525 600, and needs `market.valuation`. A date alone means the close of US
  listed options, 16:00 in New York; any other instant is written with its zone: `2026-06-19T13:30:00Z`.
- A curve is a number, or pillars `{ years = [0.5, 1.0], values = [0.20, 0.22] }`. Zero rates times time and total
  variances are linear between pillars; before the first and after the last pillar the rate or volatility is flat.
- A key that would not be read is refused, with the nearest known one. `--set a.b=value` overrides a key; an element of an
  array of tables is named by its number or its `name`: `--set market.asset.ACME.spot=101`.
- `"auto"`, or leaving such a key out, lets muster choose; the choice is printed, stored in the result and part of the job
  that its hash names. `tile_paths` and `max_paths` follow from the job alone; the others follow the tier of the least
  capable device in the run.

## Strategies

A `[[strategy]]` becomes instruments named `<strategy>/<leg>`, each with its signed quantity.

| kind | legs, for quantity 1 |
| --- | --- |
| `vertical` | buys the first strike, sells the second, both `right` |
| `straddle` | buys a call and a put |
| `strangle` | buys a put at the first strike and a call at the second |
| `butterfly` | buys the outer strikes, sells two of the middle one |
| `iron_condor` | buys a put, sells a put, sells a call, buys a call, at ascending strikes |
| `calendar` | sells the near expiry, buys the far one |
| `collar` | holds the stock, buys a put, sells a call |
| `covered_call` | holds the stock, sells a call |
| `cash_secured_put` | sells a put; the cash is not priced |
| `custom` | what `legs` lists |

The stock is a European call of strike 0 that expires with the options: the share, without the dividends until then.

## Books

`[book] file = "book.csv"` adds the rows of a CSV file (plain, gz, xz or zst; relative to the job file). Its columns are
keys of `[[instrument]]` in any order; an empty cell is a key left out; lists are separated by `;`. A column `symbol` takes
OCC symbols such as `AAPL240426C00155000`: the asset, the expiry, right and strike come from the symbol, and the multiplier
is 100 unless a cell says otherwise. The root is the asset's name, but for index options (below); the expiry is the close of
the symbol's date in New York, or 09:30 for roots that settle in the morning, on the trading day before where that date is
none. Listed stock options can be exercised early; they are priced as European here.

)";

constexpr std::string_view after_roots = R"(
A market file of `muster import` is a book too: `[book] file = "chain.h5"`. Every row that has an implied volatility becomes
a European option of quantity 1, named by its OCC symbol, with the forward and discount of its expiry and its own volatility
as its `quote`, so its price is the mid it was imported at. Rows without a volatility are left out, counted and told. The
file supplies `[market]` when the job has none; a `[market]` of the job's must have its currency, its time and an asset named
as its underlying. Only closed forms price such a book: simulated paths share their asset's volatility. The resolved job
holds every row, so that the market file is not needed again.

)";

std::string roots_table() {
  std::string text = "| root | asset | settles |\n| --- | --- | --- |\n";
  for (auto const& row : io::index_roots())
    text += fmt::format("| `{}` | `{}` | {} |\n", row.root, row.underlying,
                        row.settlement == io::Settlement::am ? "09:30" : "at the close");
  return text;
}

}  // namespace

std::string reference() {
  return std::string(conventions) + roots_table() + std::string(after_roots) +
         schema::reference(job_table());
}

}  // namespace muster::jobs::price
