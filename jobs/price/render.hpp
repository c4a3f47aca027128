// Parameters as canonical text, and the reference of the job file.
#pragma once

#include <string>

#include "jobs/price/fields.hpp"
#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// Canonical TOML: every key that is read, in the order of the field table, doubles in their
/// shortest exact form, strategies and books as instruments. For parameters that parse_params
/// returned, parse_resolved(render_params(p)) == p, and rendering that again gives the same bytes.
std::string render_params(Params const& params);

/// Parameters as the plain data of the field tables; expiry in years.
JobInput to_input(Params const& params);

/// Markdown: conventions, strategies, books, then every key with unit, range, default and meaning.
std::string reference();

}  // namespace muster::jobs::price
