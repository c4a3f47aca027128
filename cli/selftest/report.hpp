// The whole of a selftest, for people and for scripts.
#pragma once

#include <string>
#include <string_view>

#include "cli/selftest/line.hpp"
#include "cli/value.hpp"

namespace muster::cli::selftest {

/// "CPU", "single GPU", "several GPUs", "cluster": chosen by what was found.
std::string_view scope_of(int hosts, std::size_t gpus);

struct Report {
  std::string scope;
  std::string host;
  int ranks = 1;
  int hosts = 1;
  Lines lines;
};

std::string to_text(Report const& report);
Value to_json(Report const& report);
/// "2 of 14 checks failed (CPU job gbm, files)".
std::string failures(Report const& report);

}  // namespace muster::cli::selftest
