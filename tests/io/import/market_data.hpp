// Real vendor files, named by the environment variable MUSTER_MARKET_DATA.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace muster::test {

inline std::filesystem::path market_data() {
  char const* const folder = std::getenv("MUSTER_MARKET_DATA");
  return folder != nullptr ? folder : "";
}

}  // namespace muster::test

/// Skips, visibly, where the folder or the file is not there; else defines `variable` as its path.
#define MUSTER_DATA_FILE(variable, name)                                                    \
  std::filesystem::path const variable = muster::test::market_data() / (name);              \
  if (muster::test::market_data().empty()) GTEST_SKIP() << "MUSTER_MARKET_DATA is not set"; \
  if (!std::filesystem::exists(variable)) GTEST_SKIP() << variable << " is not there"
