#include "core/error.hpp"
#include "io/import/bar_rows.hpp"
#include "io/import/bar_table.hpp"
#include "io/import/peeked.hpp"

namespace muster::io {

void read_bar_rows(std::vector<std::unique_ptr<TextSource>> const& sources, BarSink& sink) {
  MUSTER_REQUIRE(!sources.empty(),
                 "no file to import (nothing was named); name one or more bar files, or "
                 "--synthetic");
  for (auto const& source : sources) {
    sink.begin_file(source->name());
    Peeked peeked(*source);
    MUSTER_REQUIRE(!peeked.head().empty(),
                   "{}: is empty (there is nothing to import); name a bar file", source->name());
    if (looks_like_json(peeked.head()))
      read_alpaca_bars(peeked, sink);
    else
      read_bar_table(peeked, sink);
  }
}

}  // namespace muster::io
