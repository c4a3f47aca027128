#include <fmt/core.h>

#include <algorithm>

#include "io/import/chain.hpp"

namespace muster::io {
namespace {

std::string counts(std::map<std::string, std::size_t> const& by_word) {
  std::string text;
  for (auto const& [word, count] : by_word)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  return text;
}

char const* quality_word(ExpiryQuality quality) {
  switch (quality) {
    case ExpiryQuality::good:
      return "good";
    case ExpiryQuality::doubtful:
      return "doubtful";
    case ExpiryQuality::unusable:
      return "unusable";
  }
  return "";
}

}  // namespace

std::string to_text(ImportReport const& report, std::size_t max_expiries) {
  std::string text;
  for (auto const& note : report.notes) text += note + "\n";
  text += fmt::format("contracts read {}, kept {}", report.rows_read, report.rows_kept);
  if (!report.rejected.empty())
    text += fmt::format(", kept apart {}: {}", report.rows_read - report.rows_kept,
                        counts(report.rejected));
  text += fmt::format("\nimplied volatilities: {}\n\n", counts(report.iv_statuses));
  text += fmt::format("{:<6} {:<10} {:>8} {:>12} {:>9} {:>7} {:>6} {:>6}  {}\n", "root", "expiry",
                      "years", "forward", "discount", "rate %", "rows", "pairs", "quality");
  std::size_t const shown = std::min(max_expiries, report.expiries.size());
  for (std::size_t i = 0; i < shown; ++i) {
    ExpiryReport const& e = report.expiries[i];
    text += fmt::format("{:<6} {:<10} {:>8.4f} {:>12.4f} {:>9.6f} {:>7.2f} {:>6} {:>6}  {}{}{}\n",
                        e.root, e.expiry, e.years, e.forward, e.discount, 100 * e.rate, e.rows,
                        e.pairs, quality_word(e.quality), e.reason.empty() ? "" : ": ", e.reason);
  }
  if (shown < report.expiries.size())
    text += fmt::format("... and {} more expiries\n", report.expiries.size() - shown);
  return text;
}

}  // namespace muster::io
