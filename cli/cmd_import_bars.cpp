#include <fmt/core.h>

#include "cli/build_info.hpp"
#include "cli/commands.hpp"
#include "cli/default_output.hpp"
#include "core/text.hpp"
#include "io/bars_rules.hpp"
#include "io/import/import_bars.hpp"
#include "io/synthetic_bars.hpp"

namespace muster::cli {
namespace {

Value to_json(std::map<std::string, io::RowNotes> const& kinds) {
  Value json(Value::Object{});
  for (auto const& [reason, notes] : kinds) {
    Value::Array examples(notes.examples.begin(), notes.examples.end());
    json.set(reason, Value::object({{"rows", notes.count}, {"examples", std::move(examples)}}));
  }
  return json;
}

Value to_json(io::SymbolReport const& one) {
  return Value::object({{"symbol", one.symbol},
                        {"bars", one.bars},
                        {"first", one.first},
                        {"last", one.last},
                        {"missing", one.missing},
                        {"splits", one.splits},
                        {"dividends", one.dividends},
                        {"flags", one.flags}});
}

Value flags_json(io::Bars const& bars) {
  Value::Array flags;
  for (auto const& flag : bars.flags)
    flags.push_back(Value::object({{"symbol", bars.symbols[flag.symbol]},
                                   {"time", flag.time},
                                   {"reason", flag.reason},
                                   {"text", flag.text}}));
  return flags;
}

Value to_json(io::ImportedBars const& imported) {
  io::BarsReport const& report = imported.report;
  io::Bars const& bars = imported.bars;
  Value::Array symbols, notes;
  for (auto const& one : report.symbols) symbols.push_back(to_json(one));
  for (auto const& note : report.notes) notes.emplace_back(note);
  Value::Array missing(report.first_missing.begin(), report.first_missing.end());
  return Value::object({{"rows_read", report.rows_read},
                        {"rows_left_out", report.rows_left_out},
                        {"dropped", to_json(report.dropped)},
                        {"mended", to_json(report.mended)},
                        {"interval", io::to_word(bars.interval)},
                        {"times", bars.size()},
                        {"calendar", bars.calendar},
                        {"sessions_missing", report.sessions_missing},
                        {"first_missing", std::move(missing)},
                        {"symbols", std::move(symbols)},
                        {"flags", flags_json(bars)},
                        {"notes", std::move(notes)}});
}

io::BarCalendar parse_calendar(std::string const& word) {
  if (word == "us_equity") return io::BarCalendar::us_equity;
  MUSTER_REQUIRE(word == "none", "--calendar {} (must be us_equity or none); leave it out for the New York exchanges",
                 printable(word));
  return io::BarCalendar::none;
}

io::ImportedBars import_files(ImportBarsOptions const& options) {
  io::BarsOptions wanted;
  wanted.symbols = options.symbols;
  wanted.from = options.from;
  wanted.to = options.to;
  wanted.symbol = options.symbol;
  wanted.date = options.date;
  wanted.interval = options.interval;
  wanted.calendar = parse_calendar(options.calendar);
  wanted.currency = options.currency;
  wanted.factors = options.factors;
  return io::import_bars(options.sources, wanted);
}

io::ImportedBars generate(std::string const& market) {
  auto bars = io::synthetic_bars(io::parse_synthetic(market));
  auto report = io::report_on(bars);
  report.notes = {bars.source};
  return {std::move(bars), std::move(report)};
}

std::filesystem::path output_of(ImportBarsOptions const& options) {
  if (!options.output.empty()) return options.output;
  return options.synthetic ? std::filesystem::path("synthetic.h5") : default_output(options.sources.front());
}

}  // namespace

int cmd_import_bars(ImportBarsOptions const& options, Form form) {
  MUSTER_REQUIRE(options.synthetic.has_value() == options.sources.empty(),
                 "{} (bars come from files or from --synthetic); give one of the two",
                 options.synthetic ? "--synthetic and files" : "no bar file");
  auto imported = options.synthetic ? generate(*options.synthetic) : import_files(options);
  imported.bars.muster_version = version();
  auto const output = output_of(options);
  // A bar file may be imported again; anything else of that name is somebody's work.
  if (std::error_code ignored; std::filesystem::exists(output, ignored)) io::read_bars(output);
  io::write_bars(output, imported.bars);
  auto json = to_json(imported);
  json.set("output", output.string());
  json.set("digest", io::bars_digest(imported.bars));
  answer(form,
         fmt::format("{}bar file  {}\ndigest    {}\n", io::to_text(imported.report, imported.bars), output.string(),
                     io::bars_digest(imported.bars)),
         json);
  return 0;
}

}  // namespace muster::cli
