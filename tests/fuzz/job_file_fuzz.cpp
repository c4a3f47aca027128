// Fuzzes the job file of price. Whatever the bytes, parse_params returns or throws Error; what it
// accepts survives canonical text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.hpp"
#include "core/log.hpp"
#include "jobs/price/parse.hpp"
#include "jobs/price/render.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace muster;
  log::set_level(log::Level::off);
  std::string_view text(reinterpret_cast<char const*>(data), size);
  jobs::price::ParseOptions options;
  // The first line may hold an override.
  if (text.starts_with("--set ")) {
    std::size_t const end = std::min(text.find('\n'), text.size());
    options.overrides.emplace_back(text.substr(6, end - 6));
    text.remove_prefix(end);
  }
  jobs::price::Params params;
  try {
    params = jobs::price::parse_params(text, "/nonexistent/job.toml", options);
  } catch (Error const& error) {
    if (error.code() != Exit::user) std::abort();
    return 0;
  }
  std::string const canonical = jobs::price::render_params(params);
  if (jobs::price::parse_resolved(canonical) != params) std::abort();
  if (jobs::price::render_params(jobs::price::parse_resolved(canonical)) != canonical) std::abort();
  return 0;
}
