#include "core/error.hpp"

namespace muster {

void throw_assertion(char const* condition, char const* file, int line, std::string detail) {
  throw Error(Exit::bug, fmt::format("{}:{}: {} does not hold{}{} (a bug of muster's); please report it with the job file",
                                     file, line, condition, detail.empty() ? "" : ": ", detail));
}

}  // namespace muster
