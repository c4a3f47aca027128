#include <fmt/core.h>

#include "cli/build_info.hpp"
#include "cli/commands.hpp"
#include "cli/default_output.hpp"
#include "io/import/chain.hpp"
#include "io/market_file.hpp"

namespace muster::cli {
namespace {

Value counts_json(std::map<std::string, std::size_t> const& counts) {
  Value json(Value::Object{});
  for (auto const& [name, count] : counts) json.set(name, count);
  return json;
}

Value to_json(io::ImportReport const& report) {
  Value::Array expiries, notes;
  for (auto const& expiry : report.expiries)
    expiries.push_back(Value::object({{"root", expiry.root},
                                      {"expiry", expiry.expiry},
                                      {"years", expiry.years},
                                      {"forward", expiry.forward},
                                      {"discount", expiry.discount},
                                      {"rate", expiry.rate},
                                      {"rate_error", expiry.rate_error},
                                      {"rows", expiry.rows},
                                      {"pairs", expiry.pairs},
                                      {"is_good", expiry.quality == io::ExpiryQuality::good},
                                      {"reason", expiry.reason}}));
  for (auto const& note : report.notes) notes.emplace_back(note);
  return Value::object({{"rows_read", report.rows_read},
                        {"rows_kept", report.rows_kept},
                        {"rejected", counts_json(report.rejected)},
                        {"iv_statuses", counts_json(report.iv_statuses)},
                        {"expiries", std::move(expiries)},
                        {"notes", std::move(notes)}});
}

}  // namespace

int cmd_import(ImportOptions const& options, Form form) {
  io::ImportOptions wanted;
  wanted.as_of = options.as_of;
  wanted.rate = options.rate;
  wanted.currency = options.currency;
  auto chain = io::import_chain(options.sources, wanted);
  chain.market.muster_version = version();
  auto const output = options.output.empty() ? default_output(options.sources.front()) : options.output;
  // A market file may be imported again; anything else of that name is somebody's work.
  if (std::error_code ignored; std::filesystem::exists(output, ignored)) io::read_market(output);
  io::write_market(output, chain.market);
  auto json = to_json(chain.report);
  json.set("output", output.string());
  json.set("underlying", chain.market.underlying);
  json.set("as_of_utc", chain.market.as_of_utc);
  answer(form, fmt::format("{}market file  {}\n", io::to_text(chain.report), output.string()), json);
  return 0;
}

}  // namespace muster::cli
