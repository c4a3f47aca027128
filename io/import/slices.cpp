#include "io/import/slices.hpp"

#include <algorithm>
#include <map>

#include "io/import/clean.hpp"

namespace muster::io {
namespace {

Slice begin_slice(OptionQuote const& quote, Instant as_of) {
  Slice slice;
  slice.root = quote.root;
  slice.expiry = quote.expiry;
  slice.rules = root_rules(quote.root);
  slice.settled = settlement_instant(slice.rules.settlement, quote.expiry);
  slice.years = years_between(as_of, slice.settled);
  return slice;
}

bool is_listed_before(OptionQuote const* a, OptionQuote const* b) {
  return a->strike != b->strike ? a->strike < b->strike : a->right < b->right;
}

}  // namespace

std::vector<Slice> slice_chain(RawChain const& chain, Instant as_of, Reject const& reject) {
  QuoteJudge judge(as_of);
  std::map<std::pair<std::string, std::chrono::sys_days>, Slice> by_expiry;
  for (OptionQuote const& quote : chain.quotes) {
    std::string_view const reason = judge.reject_reason(quote);
    if (!reason.empty()) {
      reject(quote, reason);
      continue;
    }
    Slice& slice = by_expiry[{quote.root, std::chrono::sys_days{quote.expiry}}];
    if (slice.quotes.empty()) slice = begin_slice(quote, as_of);
    slice.quotes.push_back(&quote);
  }
  std::vector<Slice> slices;
  for (auto& [key, slice] : by_expiry) {
    std::sort(slice.quotes.begin(), slice.quotes.end(), is_listed_before);
    slices.push_back(std::move(slice));
  }
  std::stable_sort(slices.begin(), slices.end(),
                   [](Slice const& a, Slice const& b) { return a.settled < b.settled; });
  return slices;
}

double mid_of(OptionQuote const& quote) { return 0.5 * (quote.bid + quote.ask); }

ExpiryPairs pairs_of(Slice const& slice) {
  ExpiryPairs result{slice.years, slice.rules.exercise, {}};
  for (std::size_t i = 0; i + 1 < slice.quotes.size(); ++i) {
    OptionQuote const& call = *slice.quotes[i];
    OptionQuote const& put = *slice.quotes[i + 1];
    if (call.strike != put.strike) continue;
    double const c = call.ask - call.bid, p = put.ask - put.bid;
    result.pairs.push_back({call.strike, mid_of(call), mid_of(put), std::max(c, p)});
  }
  return result;
}

void drop_impossible(std::vector<Slice>& slices, Reject const& reject) {
  for (Slice& slice : slices) {
    ExpiryForward const& f = slice.forward;
    // A quote is judged by a forward, not a forward that is in doubt by its quotes.
    if (f.quality != ExpiryQuality::good) continue;
    std::erase_if(slice.quotes, [&](OptionQuote const* quote) {
      bool const bad = is_impossible(*quote, slice.rules.exercise, f.forward, f.discount);
      if (bad) reject(*quote, "impossible_price");
      return bad;
    });
  }
  std::erase_if(slices, [](Slice const& slice) { return slice.quotes.empty(); });
}

}  // namespace muster::io
