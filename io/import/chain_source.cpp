#include "io/import/chain_source.hpp"

#include <fmt/core.h>

#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/layouts.hpp"
#include "io/import/numbers.hpp"
#include "io/import/peeked.hpp"

namespace muster::io {
namespace {

constexpr int max_preamble_rows = 20;

struct CsvLayout {
  char const* name;
  bool (*matches)(CsvRecord const& header);
  void (*read)(CsvReader& reader, CsvRecord const& header, QuoteSink& sink);
};
constexpr std::array csv_layouts = {
    CsvLayout{"Cboe quote table", is_cboe_header, read_cboe},
    CsvLayout{"LEAN day chain", is_lean_header, read_lean},
    CsvLayout{"Yahoo chain", is_yahoo_header, read_yahoo},
};

char const* read_csv_chain(TextSource& source, QuoteSink& sink) {
  CsvReader reader(source);
  std::string found;
  CsvRecord record;
  for (int rows = 0; rows < max_preamble_rows && reader.next(record); ++rows) {
    for (CsvLayout const& layout : csv_layouts) {
      if (!layout.matches(record)) continue;
      layout.read(reader, record, sink);
      return layout.name;
    }
    if (found.empty()) found = join_csv(record.fields);
    read_cboe_preamble(record, sink.chain());
  }
  throw_error(Exit::user,
              "{}: no known header; expected one that begins 'Expiration Date,Calls,' (Cboe quote "
              "table) or 'quote_date,"
              "underlying,' (LEAN day chain), or has 'contractSymbol' (Yahoo chain), or Alpaca "
              "JSON; found '{}' (its "
              "columns cannot be told); export the file again or rename its columns",
              source.name(), printable(found, 200));
}

char const* read_source(TextSource& source, QuoteSink& sink) {
  Peeked peeked(source);
  MUSTER_REQUIRE(!peeked.head().empty(),
                 "{}: is empty (there is nothing to import); name a chain file", source.name());
  if (!looks_like_json(peeked.head())) return read_csv_chain(peeked, sink);
  read_alpaca(peeked, sink);
  return "Alpaca option snapshots";
}

void read_into(RawChain& chain, TextSource& source, ReadLimits const& limits) {
  QuoteSink sink(chain, limits);
  sink.begin_file(source.name());
  std::string const layout = read_source(source, sink);
  MUSTER_REQUIRE(
      chain.layout.empty() || chain.layout == layout,
      "{}: holds {}, but {} holds {} (their columns mean different things); import them one by one",
      source.name(), layout, chain.files.front(), chain.layout);
  chain.layout = layout;
}

RawChain finish(RawChain chain) {
  MUSTER_REQUIRE(!chain.files.empty(),
                 "no file to import (nothing was named); name one or more chain files");
  MUSTER_REQUIRE(!chain.quotes.empty(),
                 "{}: has a header but no row (there is nothing to import); check the download",
                 chain.files.front());
  for (Instant const time : chain.downloads)
    if (!chain.seen || time > *chain.seen) chain.seen = time;
  return chain;
}

}  // namespace

RawChain read_chain(std::vector<std::filesystem::path> const& paths, ReadLimits limits) {
  RawChain chain;
  for (auto const& path : paths) read_into(chain, *open_text(path, limits.bytes), limits);
  return finish(std::move(chain));
}

RawChain read_chain(std::vector<std::unique_ptr<TextSource>> const& sources, ReadLimits limits) {
  RawChain chain;
  for (auto const& source : sources) read_into(chain, *source, limits);
  return finish(std::move(chain));
}

}  // namespace muster::io
