// Cells of a table -> numbers, with what is wrong kept in the quote.
#pragma once

#include <string_view>

#include "io/import/quote.hpp"

namespace muster::io {

/// The whole cell as a number; `absent` when it is blank. What is no number, or no finite one, is
/// noted as the quote's fault under the column's name, and `absent` is returned.
double read_number(OptionQuote& quote, std::string_view column, std::string_view cell);
/// Notes a fault unless the quote already has one.
void note_fault(OptionQuote& quote, QuoteFault fault, std::string text);

}  // namespace muster::io
