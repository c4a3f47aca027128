// libFuzzer entry of the bar importers, compression included: any bytes end in valid bars or in one
// Error that blames the user. A first byte above 127 makes the rest a factor file. See
// docs/formats/bars.md for layouts.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "io/bars_rules.hpp"
#include "io/import/import_bars.hpp"

namespace {

using Sources = std::vector<std::unique_ptr<muster::io::TextSource>>;

constexpr std::string_view some_bars =
    "symbol,date,open,high,low,close\nAAA,2014-06-06,10,10,10,10\nAAA,2014-06-09,10,10,10,10\n";

Sources one(char const* name, std::string_view bytes) {
  Sources sources;
  sources.push_back(muster::io::text_from_memory(name, bytes, std::uint64_t{1} << 22));
  return sources;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace muster;
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  bool const has_factors = size > 0 && data[0] > 127;
  // Small limits: what is looked for is wrong code, not large inputs.
  io::BarsOptions options;
  options.limits = {std::uint64_t{1} << 22, 2000};
  options.date = "2015-12-24";
  try {
    auto const imported = has_factors ? io::import_bars(one("in.csv", some_bars),
                                                        one("AAA.csv", bytes.substr(1)), options)
                                      : io::import_bars(one("input", bytes), {}, options);
    if (!io::find_fault(imported.bars).empty()) std::abort();
    io::to_text(imported.report, imported.bars);
    io::forward_factor(imported.bars);
  } catch (Error const& error) {
    if (error.code() != Exit::user) std::abort();
  }
  return 0;
}
