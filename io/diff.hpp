// What differs between two results: digests, then settings, then the first tile and the first
// datum.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/result_file.hpp"

namespace muster::io {

/// A key of the resolved job; an absent side is empty.
struct SettingDifference {
  std::string key;  ///< dotted, "simulation.paths", "instruments[3].strike"
  std::optional<std::string> a;
  std::optional<std::string> b;
};

/// The first value that differs, in the order of the first file's tables, columns and rows.
struct DatumDifference {
  std::string table;
  std::string column;  ///< empty when the tables' shapes differ
  std::uint64_t row = 0;
  std::string a;  ///< decimal that reads back to the same bits, or what is missing
  std::string b;
  std::string a_hex;  ///< hex float; empty unless both are floating point
  std::string b_hex;
};

struct ResultDiff {
  bool same_digest = false;  ///< the answer is the same, bit for bit
  bool same_arithmetic = false;
  std::string a_digest;
  std::string b_digest;
  std::vector<SettingDifference> settings;
  std::uint64_t settings_left_out = 0;  ///< beyond the first 1000
  std::uint64_t a_tiles = 0;
  std::uint64_t b_tiles = 0;
  std::optional<std::uint64_t> first_tile;  ///< first tile whose digests differ
  std::uint64_t differing_tiles = 0;        ///< among the tiles both have
  std::optional<std::uint64_t> first_sum;   ///< first slot of the sums that differs
  std::optional<DatumDifference> datum;
  bool same() const {
    return same_digest && settings.empty() && !first_tile && !first_sum && !datum;
  }
};

/// Settings that differ between two canonical TOML texts, by dotted key.
std::vector<SettingDifference> diff_settings(std::string const& a, std::string const& b);
ResultDiff diff_results(ResultFile const& a, ResultFile const& b);
/// The same as lines for a terminal; names are how the two files are called.
std::string describe(ResultDiff const& diff, std::string const& a_name, std::string const& b_name);

}  // namespace muster::io
