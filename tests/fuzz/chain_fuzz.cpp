// libFuzzer entry of the chain importers, compression included: any bytes end in a market or in one
// Error that blames the user. See docs/formats/chains.md for layouts.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "io/import/chain.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace muster;
  // Small limits: what is looked for is wrong code, not large inputs.
  io::ImportOptions options;
  options.limits = {std::uint64_t{1} << 22, 20'000};
  std::vector<std::unique_ptr<io::TextSource>> sources;
  sources.push_back(io::text_from_memory("input", {reinterpret_cast<char const*>(data), size},
                                         options.limits.bytes));
  try {
    auto const raw = io::read_chain(sources, options.limits);
    auto const chain = io::import_raw(raw, options);
    if (chain.market.rows.size() + chain.market.rejected.size() != raw.quotes.size()) std::abort();
    for (auto const& row : chain.market.rows)
      if (!(row.mid > 0) || !(row.iv >= 0) || (row.iv > 0) != io::has_volatility(row.iv_status))
        std::abort();
    for (auto const& expiry : chain.market.expiries)
      if (!(expiry.years > 0) || !(expiry.forward >= 0)) std::abort();
    io::to_text(chain.report);
  } catch (Error const& error) {
    if (error.code() != Exit::user) std::abort();
  }
  return 0;
}
