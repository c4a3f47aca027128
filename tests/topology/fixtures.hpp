// The machines under tests/topology/fixtures, each a folder with its source.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "topology/facts_io.hpp"

namespace muster::topology {

inline std::filesystem::path fixture_folder(std::string const& name) {
  return std::filesystem::path(MUSTER_SOURCE_DIR) / "tests/topology/fixtures" / name;
}

inline Cluster fixture(std::string const& name) { return read_machines(fixture_folder(name)); }
inline Facts fixture_machine(std::string const& name) { return fixture(name).nodes.front().machine; }

inline std::vector<std::string> fixture_names() {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator(fixture_folder("")))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// A gtest name has no dashes.
inline std::string fixture_test_name(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace muster::topology
