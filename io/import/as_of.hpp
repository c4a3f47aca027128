// When the quotes of a chain were taken.
#pragma once

#include <string>

#include "io/import/quote.hpp"

namespace muster::io {

struct AsOf {
  Instant time;
  std::string note;  ///< how it was found, one sentence
};

/// `wanted` as parse_instant reads it; when empty, from the files: the newest time that they show,
/// rolled back to the last close when the exchange was shut. Throws Error (Exit::user) when the
/// files have no time, or show the quotes of different days.
AsOf resolve_as_of(RawChain const& chain, std::string const& wanted);

}  // namespace muster::io
