// Small valid contents of every kind of file.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "core/sha256.hpp"
#include "io/market_file.hpp"
#include "io/result_file.hpp"
#include "io/run_state.hpp"

namespace muster::io {

inline std::string const sample_job = "kind = \"price\"\nname = \"sample\"\nseed = 7\n";

/// The digest that a tile of the samples has.
inline TileDigest sample_digest(std::uint64_t tile) {
  return {tile * 0x9E3779B97F4A7C15ull + 1, ~tile * 0xC2B2AE3D27D4EB4Full};
}

inline void sample_digests(std::uint64_t first, std::span<TileDigest> out) {
  for (TileDigest& digest : out) digest = sample_digest(first++);
}

inline Result sample_result(std::uint64_t tiles = 37) {
  Result result;
  result.kind = "price";
  result.name = "sample";
  result.resolved_text = sample_job;
  result.job_hash = sha256_hex(sample_job);
  result.seed = 7;
  result.arithmetic_version = 3;
  result.muster_version = "0.1.0";
  result.git_sha = "";
  result.topology_json = "{\"nodes\": [\"café\"]}";
  result.devices = "rank 0: 2 CPU threads";
  result.execution_json = R"({"seconds": 1.5})";
  result.ranks = 4;
  result.started_utc = "2026-01-31T09:30:00Z";
  result.ended_utc = "2026-01-31T09:30:05Z";
  result.stop_rule = "all paths computed";
  result.sums = {1, -2, std::numeric_limits<std::int64_t>::min(), 4};
  result.waypoints = {{1, {5, -6}}, {9, {7}}};
  result.tiles = tiles;
  result.tables = {
      {"instruments",
       "One row a contract.",
       {{"name", "", std::vector<std::string>{"call 100", "put \xE2\x82\xAC", ""}},
        {"price", "USD", std::vector<double>{1.5, -0.0, std::nextafter(0.1, 1)}},
        {"count", "1", std::vector<std::int64_t>{1, 2, -3}}}},
      {"book", "The whole book.", {{"total", "USD", std::vector<double>{42.25}}}},
      {"empty",
       "No rows.",
       {{"nothing", "USD", std::vector<double>{}}, {"nobody", "", std::vector<std::string>{}}}},
  };
  return result;
}

inline MarketFile sample_market() {
  MarketFile market;
  market.source = "Cboe delayed quotes, chain.csv";
  market.as_of_utc = "2023-09-14T20:00:00Z";
  market.underlying = "SPX";
  market.spot = 4505.1;
  market.muster_version = "0.1.0";
  market.expiries = {{"SPXW", "2023-09-15T20:00:00Z", Settlement::pm, 1.0 / 365, 4505.5, 0.9999,
                      ExpiryQuality::good, ""},
                     {"SPX", "2025-12-19T14:30:00Z", Settlement::am, 2.26, 0, 0,
                      ExpiryQuality::unusable, "no pair with a bid on both sides"}};
  market.rows = {{0, OptionRight::call, 4500, 12.5, 13, 12.75, 0.123, "ok", 100, 2000, 0.1229},
                 {0, OptionRight::put, 4500, 7, 7.5, 7.25, 0.121, "ok", -1, -1, 0},
                 {1, OptionRight::call, 5000, 0.05, 0.1, 0.075, 0, "no_forward", 0, 5, 0.2}};
  market.rejected = {{"chain.csv", 17, "crossed", "row with, \"quotes\""},
                     {"chain.csv", 18, "zero_bid", std::string("bad \xFF bytes\x1B[31m\0x", 18)}};
  return market;
}

inline RunIdentity sample_identity() {
  return {"price", "sample", sample_job, sha256_hex(sample_job),
          7,       3,        "0.1.0",    "2026-01-31T09:30:00Z"};
}

}  // namespace muster::io
