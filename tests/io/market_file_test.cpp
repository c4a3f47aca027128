#include "io/market_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "hostile_file.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

TEST(MarketFile, ReadsBackWhatWasWritten) {
  Scratch scratch;
  MarketFile const written = sample_market();
  write_market(scratch / "m.h5", written);
  EXPECT_TRUE(is_hdf5(scratch / "m.h5"));
  MarketFile const read = read_market(scratch / "m.h5");
  EXPECT_EQ(read.source, written.source);
  EXPECT_EQ(read.as_of_utc, written.as_of_utc);
  EXPECT_EQ(read.underlying, "SPX");
  EXPECT_EQ(read.spot, 4505.1);
  EXPECT_EQ(read.exercise, Exercise::european);
  EXPECT_EQ(read.multiplier, 100);
  ASSERT_EQ(read.expiries.size(), 2u);
  EXPECT_EQ(read.expiries[0].root, "SPXW");
  EXPECT_EQ(read.expiries[0].years, 1.0 / 365);
  EXPECT_EQ(read.expiries[0].forward, 4505.5);
  EXPECT_EQ(read.expiries[1].settlement, Settlement::am);
  EXPECT_EQ(read.expiries[1].quality, ExpiryQuality::unusable);
  EXPECT_EQ(read.expiries[1].reason, "no pair with a bid on both sides");
  ASSERT_EQ(read.rows.size(), 3u);
  EXPECT_EQ(read.rows[1].right, OptionRight::put);
  EXPECT_EQ(read.rows[1].volume, -1);
  EXPECT_EQ(read.rows[0].iv, 0.123);
  EXPECT_EQ(read.rows[0].file_iv, 0.1229);
  EXPECT_EQ(read.rows[2].expiry, 1u);
  EXPECT_EQ(read.rows[2].iv_status, "no_forward");
  ASSERT_EQ(read.rejected.size(), 2u);
  EXPECT_EQ(read.rejected[0].text, "row with, \"quotes\"");
  EXPECT_EQ(read.rejected[1].text, "bad \xEF\xBF\xBD bytes\xEF\xBF\xBD[31m\xEF\xBF\xBDx");
  EXPECT_EQ(read.rejected[1].line, 18);
}

TEST(MarketFile, KeepsVolatilitiesOfNegativeRates) {
  Scratch scratch;
  MarketFile market = sample_market();
  market.rows[1].iv_status = "negative_rate";
  write_market(scratch / "m.h5", market);
  MarketFile const read = read_market(scratch / "m.h5");
  EXPECT_EQ(read.rows[1].iv_status, "negative_rate");
  EXPECT_EQ(read.rows[1].iv, 0.121);
}

TEST(MarketFile, MayLackSpotAndRows) {
  Scratch scratch;
  MarketFile market = sample_market();
  market.spot.reset();
  market.expiries.clear();
  market.rows.clear();
  market.rejected.assign(1, {"f", 1, "stale", std::string(5000, 'x')});
  write_market(scratch / "m.h5", market);
  MarketFile const read = read_market(scratch / "m.h5");
  EXPECT_FALSE(read.spot);
  EXPECT_TRUE(read.rows.empty());
  EXPECT_EQ(read.rejected[0].text, std::string(4093, 'x') + "...");
}

struct Fault {
  char const* expected;
  std::function<void(MarketFile&)> change;
};

std::vector<Fault> faults() {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  double const infinity = std::numeric_limits<double>::infinity();
  return {
      {"as_of_utc is no UTC time", [](MarketFile& m) { m.as_of_utc = "2023-09-14"; }},
      {"underlying is empty", [](MarketFile& m) { m.underlying = ""; }},
      {"spot is not above 0", [](MarketFile& m) { m.spot = -1; }},
      {"multiplier is not above 0", [](MarketFile& m) { m.multiplier = 0; }},
      {"expiry 0 has no root", [](MarketFile& m) { m.expiries[0].root = ""; }},
      {"expiry 1 has no UTC time", [](MarketFile& m) { m.expiries[1].expiry_utc = "x"; }},
      {"expiry 0 has no years", [](MarketFile& m) { m.expiries[0].years = 0; }},
      {"expiry 0 has no forward", [](MarketFile& m) { m.expiries[0].forward = 0; }},
      {"expiry 0 has no discount", [=](MarketFile& m) { m.expiries[0].discount = nan; }},
      {"expiry 0 has a reason", [](MarketFile& m) { m.expiries[0].reason = "but"; }},
      {"row 2 has an expiry", [](MarketFile& m) { m.rows[2].expiry = 2; }},
      {"row 0 has no strike", [](MarketFile& m) { m.rows[0].strike = -1; }},
      {"row 0 has no bid", [=](MarketFile& m) { m.rows[0].bid = nan; }},
      {"row 0 has no ask", [=](MarketFile& m) { m.rows[0].ask = infinity; }},
      {"row 0 has no mid", [](MarketFile& m) { m.rows[0].mid = -0.5; }},
      {"row 0 has no implied volatility", [=](MarketFile& m) { m.rows[0].iv = nan; }},
      {"row 0 has no status", [](MarketFile& m) { m.rows[0].iv_status = "Not OK"; }},
      {"row 2 has an implied volatility that does not fit",
       [](MarketFile& m) { m.rows[2].iv = 1; }},
      {"row 1 has a negative volume", [](MarketFile& m) { m.rows[1].volume = -2; }},
      {"row 1 has a negative open interest", [](MarketFile& m) { m.rows[1].open_interest = -9; }},
      {"row 1 has no file volatility", [=](MarketFile& m) { m.rows[1].file_iv = nan; }},
      {"rejected row 0 has no line number", [](MarketFile& m) { m.rejected[0].line = 0; }},
      {"rejected row 1 has no reason", [](MarketFile& m) {
         m.rejected[1].reason = "no";
         m.rejected[1].reason.clear();
       }}};
}

TEST(MarketFile, FaultyContentIsNotWritten) {
  Scratch scratch;
  for (Fault const& fault : faults()) {
    MarketFile market = sample_market();
    fault.change(market);
    EXPECT_THAT(message_of(Exit::bug, [&] { write_market(scratch / "m.h5", market); }),
                HasSubstr(fault.expected));
  }
  EXPECT_EQ(scratch.entries(), 0u);
}

/// Replaces one column of a good file, seals it again, and returns what the reader says.
std::string refusal_of(std::function<void(hid_t)> const& change) {
  Scratch scratch;
  write_market(scratch / "m.h5", sample_market());
  tamper(scratch / "m.h5", change);
  reseal(scratch / "m.h5");
  return message_of(Exit::user, [&] { read_market(scratch / "m.h5"); });
}

void replace(hid_t file, std::string const& path, hid_t type, hsize_t count, void const* values) {
  remove_object(file, path);
  put_numbers(file, path, type, count, values);
}

TEST(MarketFile, HostileContentIsRefused) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> const strikes{4500, nan, 5000};
  std::vector<std::int64_t> const indices{0, -1, 1}, beyond{0, 1, 2};
  EXPECT_THAT(
      refusal_of([&](hid_t f) { replace(f, "/rows/strike", H5T_IEEE_F64LE, 3, strikes.data()); }),
      HasSubstr("row 1 has no strike above 0"));
  EXPECT_THAT(
      refusal_of([&](hid_t f) { replace(f, "/rows/strike", H5T_IEEE_F64LE, 2, strikes.data()); }),
      HasSubstr("/rows/strike has 2 rows where 3 belong"));
  EXPECT_THAT(
      refusal_of([&](hid_t f) { replace(f, "/rows/expiry", H5T_STD_I64LE, 3, indices.data()); }),
      HasSubstr("/rows/expiry holds a number that is no index"));
  EXPECT_THAT(
      refusal_of([&](hid_t f) { replace(f, "/rows/expiry", H5T_STD_I64LE, 3, beyond.data()); }),
      HasSubstr("row 2 has an expiry that is not in the list"));
  EXPECT_THAT(
      refusal_of([&](hid_t f) { replace(f, "/rows/bid", H5T_STD_I64LE, 3, indices.data()); }),
      HasSubstr("/rows/bid has elements of another type"));
  EXPECT_THAT(refusal_of([&](hid_t f) {
                replace(f, "/rows/right", h5::text_type(4).get(), 3, "callput\0pull");
              }),
              HasSubstr("/rows/right has a word that muster does not know"));
  EXPECT_THAT(refusal_of([](hid_t f) { remove_object(f, "/rejected/text"); }),
              HasSubstr("/rejected/text is missing"));
  EXPECT_THAT(refusal_of([](hid_t f) { remove_object(f, "/expiries"); }),
              HasSubstr("/expiries/root is missing"));
  EXPECT_THAT(refusal_of([](hid_t f) { set_text(f, "/", "exercise", "american"); }),
              HasSubstr("a kind of exercise that muster does not know"));
  EXPECT_THAT(refusal_of([](hid_t f) { set_text(f, "/", "spot", "4505"); }),
              HasSubstr("no floating-point number in attribute \"spot\""));
}

TEST(MarketFile, EveryTruncationIsRefused) {
  Scratch scratch;
  write_market(scratch / "m.h5", sample_market());
  std::string const whole = slurp(scratch / "m.h5");
  for (std::size_t part = 0; part < 64; ++part) {
    spill(scratch / "cut.h5", whole.substr(0, whole.size() * part / 64));
    message_of(Exit::user, [&] { read_market(scratch / "cut.h5"); });
  }
  EXPECT_FALSE(is_hdf5(scratch / "missing"));
}

}  // namespace
}  // namespace muster::io
