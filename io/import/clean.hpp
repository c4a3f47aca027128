// Which quotes can be used, and why not.
#pragma once

#include <set>
#include <string_view>
#include <tuple>

#include "io/import/contract_rules.hpp"
#include "io/import/quote.hpp"

namespace muster::io {

/// Judges the quotes of one chain, in file order.
class QuoteJudge {
 public:
  explicit QuoteJudge(Instant as_of) : as_of_(as_of), day_(to_new_york(as_of).date) {}
  /// A lower_snake word (docs/formats/chains.md lists them), or nothing for a quote to keep.
  std::string_view reject_reason(OptionQuote const& quote);

 private:
  bool is_repeated(OptionQuote const& quote);

  Instant as_of_;
  Date day_;
  std::set<std::tuple<std::string, std::chrono::sys_days, double, OptionRight>> seen_;
};

/// Bid and ask at odds with every model: an ask below the discounted intrinsic value, or a bid
/// above the most the contract can be worth, by over 5 basis points of the forward. Often a quote
/// that was left standing.
bool is_impossible(OptionQuote const& quote, Exercise exercise, double forward, double discount);

}  // namespace muster::io
