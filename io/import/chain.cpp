#include "io/import/chain.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/as_of.hpp"
#include "io/import/clean.hpp"
#include "io/import/contract_rules.hpp"
#include "io/import/forwards.hpp"
#include "io/import/numbers.hpp"
#include "io/text_rules.hpp"
#include "kernels/closed_forms.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::io {
namespace {

/// The kept quotes of one root and expiry.
struct Slice {
  std::string root;
  Date expiry;
  RootRules rules;
  Instant settled;
  double years = 0;
  std::vector<OptionQuote const*> quotes;  ///< ascending in strike, calls before puts
  ExpiryForward forward;
};

/// Everything that one import builds up.
struct Import {
  RawChain const& raw;
  ImportedChain result;
  std::vector<Slice> slices;

  void reject(OptionQuote const& quote, std::string_view reason) {
    std::string const detail = quote.fault == QuoteFault::none ? "" : " (" + quote.fault_text + ")";
    result.market.rejected.push_back({clean_text(raw.files[quote.file]), static_cast<std::int64_t>(quote.line),
                                      std::string(reason), shorten(clean_text(quote.text + detail), 4096)});
    ++result.report.rejected[std::string(reason)];
  }
};

void sort_into_slices(Import& work, Instant as_of) {
  QuoteJudge judge(as_of);
  std::map<std::pair<std::string, std::chrono::sys_days>, Slice> slices;
  for (OptionQuote const& quote : work.raw.quotes) {
    std::string_view const reason = judge.reject_reason(quote);
    if (!reason.empty()) {
      work.reject(quote, reason);
      continue;
    }
    Slice& slice = slices[{quote.root, std::chrono::sys_days{quote.expiry}}];
    if (slice.quotes.empty()) {
      slice.root = quote.root;
      slice.expiry = quote.expiry;
      slice.rules = root_rules(quote.root);
      slice.settled = settlement_instant(slice.rules.settlement, quote.expiry);
      slice.years = years_between(as_of, slice.settled);
    }
    slice.quotes.push_back(&quote);
  }
  for (auto& [key, slice] : slices) {
    std::sort(slice.quotes.begin(), slice.quotes.end(), [](OptionQuote const* a, OptionQuote const* b) {
      return a->strike != b->strike ? a->strike < b->strike : a->right < b->right;
    });
    work.slices.push_back(std::move(slice));
  }
  std::stable_sort(work.slices.begin(), work.slices.end(),
                   [](Slice const& a, Slice const& b) { return a.settled < b.settled; });
}

double mid_of(OptionQuote const& quote) { return 0.5 * (quote.bid + quote.ask); }

ExpiryPairs pairs_of(Slice const& slice) {
  ExpiryPairs result{slice.years, slice.rules.exercise, {}};
  for (std::size_t i = 0; i + 1 < slice.quotes.size(); ++i) {
    OptionQuote const& call = *slice.quotes[i];
    OptionQuote const& put = *slice.quotes[i + 1];
    if (call.strike != put.strike) continue;
    double const c = call.ask - call.bid, p = put.ask - put.bid;
    // The larger side bounds the root of the summed squares within a factor of sqrt(2); exact is not needed.
    result.pairs.push_back({call.strike, mid_of(call), mid_of(put), std::max(c, p)});
  }
  return result;
}

void find_slice_forwards(Import& work, std::optional<double> rate) {
  std::vector<ExpiryPairs> pairs;
  for (Slice const& slice : work.slices) pairs.push_back(pairs_of(slice));
  ChainForwards found = find_forwards(pairs, rate);
  for (std::size_t i = 0; i < work.slices.size(); ++i) work.slices[i].forward = std::move(found.expiries[i]);
  if (!found.note.empty()) work.result.report.notes.push_back(found.note);
}

void drop_impossible(Import& work) {
  for (Slice& slice : work.slices) {
    ExpiryForward const& f = slice.forward;
    if (f.quality != ExpiryQuality::good) continue;  // the quote is judged by the forward, not the other way round
    std::erase_if(slice.quotes, [&](OptionQuote const* quote) {
      bool const bad = is_impossible(*quote, slice.rules.exercise, f.forward, f.discount);
      if (bad) work.reject(*quote, "impossible_price");
      return bad;
    });
  }
  std::erase_if(work.slices, [](Slice const& slice) { return slice.quotes.empty(); });
}

std::int64_t count_of(double value) {
  return value >= 0 && value < 9e15 ? static_cast<std::int64_t>(value) : -1;
}

void add_rows(MarketFile& market, Slice const& slice, std::uint32_t index) {
  for (OptionQuote const* quote : slice.quotes) {
    MarketRow row;
    row.expiry = index;
    row.right = quote->right;
    row.strike = quote->strike;
    row.bid = quote->bid;
    row.ask = quote->ask;
    row.mid = mid_of(*quote);
    row.volume = count_of(quote->volume);
    row.open_interest = count_of(quote->open_interest);
    row.file_iv = quote->file_iv > 0 ? quote->file_iv : 0;
    row.iv_status = "no_forward";
    market.rows.push_back(row);
  }
}

char const* status_word(kernels::ImpliedStatus status) {
  switch (status) {
    case kernels::ImpliedStatus::ok: return "ok";
    case kernels::ImpliedStatus::negative_rate: return "ok";  // the volatility is good; the discount shows the rate
    case kernels::ImpliedStatus::below_intrinsic: return "below_intrinsic";
    case kernels::ImpliedStatus::above_maximum: return "above_maximum";
    case kernels::ImpliedStatus::no_information: return "no_information";
    case kernels::ImpliedStatus::invalid_input: return "invalid_input";
  }
  return "invalid_input";
}

void solve_volatilities(MarketFile& market) {
  std::vector<kernels::ImpliedInput> inputs;
  std::vector<MarketRow*> solved;
  for (MarketRow& row : market.rows) {
    MarketExpiry const& expiry = market.expiries[row.expiry];
    if (expiry.quality == ExpiryQuality::unusable) continue;
    inputs.push_back({row.mid, expiry.forward, row.strike, expiry.years, expiry.discount,
                      row.right == OptionRight::call ? 1 : 0});
    solved.push_back(&row);
  }
  std::vector<kernels::ImpliedOutput> outputs(inputs.size());
  kernels::implied_volatility(inputs, outputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    bool const is_solved = kernels::has_volatility(outputs[i].status);
    solved[i]->iv_status = status_word(outputs[i].status);
    solved[i]->iv = is_solved ? outputs[i].volatility : 0;
  }
}

void fill_market(Import& work) {
  MarketFile& market = work.result.market;
  for (Slice const& slice : work.slices) {
    ExpiryForward const& f = slice.forward;
    market.expiries.push_back({slice.root, format_instant(slice.settled), slice.rules.settlement, slice.years, f.forward,
                               f.discount, f.quality, f.quality == ExpiryQuality::good ? "" : f.reason});
    add_rows(market, slice, static_cast<std::uint32_t>(market.expiries.size() - 1));
    if (slice.rules.exercise != Exercise::european) market.exercise = Exercise::european_equivalent;
    work.result.report.expiries.push_back({slice.root, to_iso(slice.expiry), slice.years, f.forward, f.discount,
                                           0 - kernels::exact_log(f.discount) / slice.years, f.rate_error, slice.quotes.size(), f.pairs,
                                           f.quality, f.reason});
  }
  solve_volatilities(market);
  for (MarketRow const& row : market.rows) ++work.result.report.iv_statuses[row.iv_status];
  if (market.exercise != Exercise::european)
    work.result.report.notes.push_back(
        "The contracts are of American exercise; volatilities are european_equivalent, with early exercise left out.");
}

void name_underlying(Import& work) {
  MarketFile& market = work.result.market;
  for (Slice const& slice : work.slices) {
    if (market.underlying.empty()) market.underlying = slice.rules.underlying;
    MUSTER_REQUIRE(market.underlying == slice.rules.underlying,
                   "{}: the files hold options on {} and on {} (a market file is of one underlying); import them one "
                   "by one",
                   work.raw.files.front(), printable(market.underlying), printable(slice.rules.underlying));
  }
}

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void require_rows(Import const& work) {
  if (!work.slices.empty()) return;
  std::string counts;
  for (auto const& [reason, count] : work.result.report.rejected)
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, reason);
  throw_error(Exit::user, "{}: no usable row among {} ({}); check --as-of and the file", work.raw.files.front(),
              work.raw.quotes.size(), counts);
}

}  // namespace

ImportedChain import_chain(RawChain const& raw, ImportOptions const& options) {
  MUSTER_REQUIRE(!options.rate || (*options.rate >= -0.5 && *options.rate <= 2),
                 "rate = {} (a continuous rate a year, between -0.5 and 2); write 0.05 for 5 %", *options.rate);
  Import work{raw, {}, {}};
  MUSTER_REQUIRE(is_currency(options.currency), "currency = '{}' (three capital letters name one); write USD",
                 printable(options.currency));
  AsOf const as_of = resolve_as_of(raw, options.as_of);
  work.result.report.notes.push_back(as_of.note);
  work.result.report.rows_read = raw.quotes.size();

  sort_into_slices(work, as_of.time);
  require_rows(work);
  name_underlying(work);
  find_slice_forwards(work, options.rate);
  drop_impossible(work);
  require_rows(work);
  fill_market(work);

  MarketFile& market = work.result.market;
  market.as_of_utc = format_instant(as_of.time);
  market.currency = options.currency;
  auto const close = raw.closes.find(to_new_york(as_of.time).date);
  if (close != raw.closes.end()) market.spot = close->second;
  else market.spot = raw.last_price;
  market.source = raw.layout + ": ";
  for (std::size_t i = 0; i < raw.files.size(); ++i) market.source += (i > 0 ? ", " : "") + raw.files[i];
  if (!raw.title.empty()) market.source += " (" + raw.title + ")";
  market.source = clean_text(market.source + ". " + as_of.note);
  work.result.report.rows_kept = market.rows.size();
  MUSTER_ASSERT(market.rows.size() + market.rejected.size() == raw.quotes.size(), "{} + {} != {}", market.rows.size(),
                market.rejected.size(), raw.quotes.size());
  return std::move(work.result);
}

ImportedChain import_chain(std::vector<std::filesystem::path> const& paths, ImportOptions const& options) {
  return import_chain(read_chain(paths, options.limits), options);
}

}  // namespace muster::io
