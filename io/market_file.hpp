// Market files: one snapshot of an option chain, written by `muster import`, read by jobs
// (docs/formats/market.md). Amounts in `currency` per unit of underlying, volatilities per square
// root of a year, years of 525 600 minutes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::io {

enum class OptionRight { call, put };
enum class Settlement { am, pm };
/// How the contracts are exercised; an American chain is priced as its European equivalent.
enum class Exercise { european, european_equivalent };
/// Can the expiry's forward and discount be trusted?
enum class ExpiryQuality { good, doubtful, unusable };

struct MarketExpiry {
  std::string root;        ///< "SPXW"
  std::string expiry_utc;  ///< instant of settlement, ISO 8601, "2023-10-20T13:30:00Z"
  Settlement settlement = Settlement::pm;
  double years = 0;    ///< from as_of to expiry_utc; above 0
  double forward = 0;  ///< above 0, unless quality is unusable (then 0 when unknown)
  double discount = 0;
  ExpiryQuality quality = ExpiryQuality::good;
  std::string reason;  ///< why quality is not good; empty when it is
};

/// One contract. No member is ever NaN.
struct MarketRow {
  std::uint32_t expiry = 0;  ///< index into MarketFile::expiries
  OptionRight right = OptionRight::call;
  double strike = 0;
  double bid = 0;
  double ask = 0;
  double mid = 0;
  double iv = 0;                    ///< muster's, from mid; 0 unless has_volatility(iv_status)
  std::string iv_status = "ok";     ///< lower_snake word: "ok", "below_intrinsic", ...
  std::int64_t volume = -1;         ///< contracts; -1 = not in the source
  std::int64_t open_interest = -1;  ///< contracts; -1 = not in the source
  double file_iv = 0;               ///< the vendor's; 0 = none
};

/// A row of the source that is kept apart, with the reason.
struct RejectedRow {
  std::string file;       ///< name of the source file
  std::int64_t line = 0;  ///< 1-based
  std::string reason;  ///< lower_snake word: "crossed", "zero_bid", "stale", "adjusted_root", ...
  std::string text;    ///< the row; cut at 4096 bytes, bytes that are no UTF-8 become U+FFFD
};

struct MarketFile {
  std::string source;      ///< what was imported and how, for people
  std::string as_of_utc;   ///< instant of the quotes, ISO 8601
  std::string underlying;  ///< "SPX"
  std::optional<double> spot;
  Exercise exercise = Exercise::european;
  std::string currency = "USD";
  double multiplier = 100;  ///< units of underlying a contract
  std::string muster_version;
  std::vector<MarketExpiry> expiries;
  std::vector<MarketRow> rows;
  std::vector<RejectedRow> rejected;
};

/// Does a row of this status carry a volatility? "ok", and "negative_rate": a good one, solved with
/// a discount above 1.
bool has_volatility(std::string_view iv_status);

/// Writes the file in one step. Throws Error: Exit::environment for disk and permission, Exit::bug
/// for content that no reader would accept.
void write_market(std::filesystem::path const& path, MarketFile const& market);
/// Reads and checks structure, checksum and ranges. Throws Error (Exit::user) naming what is wrong.
MarketFile read_market(std::filesystem::path const& path);
/// True when the file starts like HDF5; for callers that take CSV as well.
bool is_hdf5(std::filesystem::path const& path);

}  // namespace muster::io
