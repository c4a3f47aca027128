// Fuzzes the reader of books in CSV, compressed ones too. Whatever the bytes, read_book returns or
// throws Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.hpp"
#include "jobs/price/book.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace muster;
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  try {
    auto const source = io::text_from_memory("book.csv", bytes, std::uint64_t{1} << 24);
    std::vector<jobs::price::InstrumentInput> instruments;
    Faults faults;
    jobs::price::read_book(*source, "book.csv", instruments, faults);
    faults.throw_if_any();
  } catch (Error const& error) {
    if (error.code() != Exit::user) std::abort();
  }
  return 0;
}
