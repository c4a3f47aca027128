// Books in CSV files.
#include "jobs/price/book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/jobs/price/job_file.hpp"

namespace muster::jobs::price {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Book : public ::testing::Test {
 protected:
  std::filesystem::path const folder =
      std::filesystem::temp_directory_path() / ("muster_book_" + std::to_string(::getpid()));
  void SetUp() override { std::filesystem::create_directory(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  static constexpr std::string_view job = R"(kind = "price"
book.file = "book.csv"
[market]
valuation = 2026-01-02T21:00:00Z
[[market.asset]]
name = "AAPL"
spot = 250.0
volatility = 0.2
[[market.asset]]
name = "MSFT"
spot = 500.0
volatility = 0.2
)";

  Params price(std::string_view book) {
    std::ofstream(folder / "book.csv", std::ios::binary) << book;
    return parse_params(job, folder / "job.toml");
  }
  /// The message without the folder's name.
  std::string refused(std::string_view book) {
    try {
      price(book);
    } catch (Error const& error) {
      std::string text = error.what();
      std::string const prefix = folder.string() + "/";
      for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;)
        text.erase(at, prefix.size());
      return text;
    }
    return "accepted";
  }
};

TEST_F(Book, ReadsColumnsInAnyOrder) {
  Params const params = price(
      "right,asset,kind,strike,expiry_years,quantity,fixing_years,name\r\n"
      "call,AAPL,european,260,0.5,-3,,\r\n"
      "\r\n"
      "put,MSFT,asian,480,1,1,0.5;1,\"an \"\"asian\"\", monthly\"\r\n");
  ASSERT_EQ(params.instruments.size(), 2U);
  EXPECT_EQ(params.instruments[0].name, "european_1");
  EXPECT_EQ(params.instruments[0].quantity, -3);
  EXPECT_EQ(params.instruments[0].multiplier, 1);
  EXPECT_EQ(params.instruments[1].name, "an \"asian\", monthly");
  EXPECT_THAT(params.instruments[1].assets, ElementsAre(1));
  EXPECT_THAT(params.instruments[1].fixing_years, ElementsAre(0.5, 1));
  EXPECT_EQ(parse_resolved(render_params(params)), params);
}

TEST_F(Book, ReadsOptionSymbols) {
  Params const params =
      price("symbol,quantity,multiplier\nAAPL260618C00155500,2,\nMSFT261231P00500000,,10\n");
  ASSERT_EQ(params.instruments.size(), 2U);
  Instrument const& call = params.instruments[0];
  EXPECT_EQ(call.name, "AAPL260618C00155500");
  EXPECT_EQ(call.right, Right::call);
  EXPECT_EQ(call.strike, 155.5);
  EXPECT_EQ(call.multiplier, 100);
  EXPECT_EQ(call.quantity, 2);
  EXPECT_EQ(call.expiry_years, (167.0 * 1440 - 60) / 525600.0)
      << "16:00 in New York on the day of expiry";
  EXPECT_EQ(params.instruments[1].right, Right::put);
  EXPECT_EQ(params.instruments[1].multiplier, 10);
  EXPECT_EQ(params.instruments[1].expiry_years, 363.0 / 365);
}

TEST_F(Book, TakesAssetAndSettlementFromTheRoot) {
  std::ofstream(folder / "book.csv", std::ios::binary)
      << "symbol\nSPX260320C07000000\nSPXW260320C07000000\nSPXW261127P07000000\nXSP260403P00700000"
         "\n";
  Params const params = parse_params(
      joined("kind = \"price\"\nbook.file = \"book.csv\"\n[market]\nvaluation = "
             "2026-01-02T21:00:00Z\n[[market.asset]]\nname = \"SPX\"\nspot = 7000.0\nvolatility = "
             "0.2\n[[market.asset]]\nname = \"XSP\"\nspot = 700.0\nvolatility = 0.2\n"),
      folder / "job.toml");
  ASSERT_EQ(params.instruments.size(), 4U);
  auto const minutes = [&](std::size_t i) { return params.instruments[i].expiry_years * 525600; };
  EXPECT_THAT(params.instruments[0].assets, ElementsAre(0));
  EXPECT_THAT(params.instruments[1].assets, ElementsAre(0)) << "SPXW is on SPX";
  EXPECT_THAT(params.instruments[3].assets, ElementsAre(1));
  EXPECT_DOUBLE_EQ(minutes(0), 77 * 1440 - 60 - 390) << "09:30 in New York, in summer time";
  EXPECT_DOUBLE_EQ(minutes(1), 77 * 1440 - 60) << "16:00";
  EXPECT_DOUBLE_EQ(minutes(2), 329 * 1440 - 180) << "13:00, the day after Thanksgiving";
  EXPECT_DOUBLE_EQ(minutes(3), 90 * 1440 - 60) << "Good Friday settles on Thursday";
}

TEST_F(Book, SaysWhatIsWrongWithARow) {
  struct {
    std::string book, message;
  } const rows[] = {
      {"",
       "job.toml:2:13: book.file: book.csv: an empty book (there is nothing to price); give a "
       "header line and rows"},
      {"kind,right\n",
       "book.csv: an empty book (a header and no rows: there is nothing to price); add rows"},
      {"symbol\nAAPL260619C00155500\nAAPL260619X00155500\n",
       "book.csv:3: symbol: \"AAPL260619X00155500\" is no OCC symbol (root, YYMMDD, C or P, strike "
       "in thousandths in 8 "
       "digits); write e.g. AAPL240426C00155000"},
      {"symbol\nIBM260619C00155500\n",
       "book.csv:2: asset: no asset of the market is named \"IBM\" (its price is needed); use one "
       "of AAPL, MSFT"},
      {"symbol\nAAPL250618C00155500\n",
       "book.csv:2: expiry: 2025-06-18T20:00:00Z is not after the valuation at "
       "2026-01-02T21:00:00Z (the contract is "
       "over); remove it or mend the dates"},
      {"symbol,strike\nAAPL260619C00155500,155.5\n",
       "book.csv:2: strike: given together with symbol (the symbol says it); leave the cell empty"},
      {"symbol,kind,fixings\nAAPL260619C00155500,asian,3\n",
       "book.csv:2: kind: not european beside an OCC symbol (a listed option is a plain one); "
       "leave the cell empty"},
      {"symbol,quanity\nAAPL260619C00155500,1\n",
       "book.csv:1: quanity: unknown column (nothing would read it); use \"quantity\""},
      {"symbol,quantity,quantity\nAAPL260619C00155500,1,2\n",
       "book.csv:1: quantity: column stands twice (they may disagree); remove one"},
      {"symbol,quantity\nAAPL260619C00155500\n",
       "book.csv:2: 1 cells under 2 columns (cells would be taken for others); check for stray or "
       "missing commas"},
      {"symbol,quantity\nAAPL260619C00155500,1e6x\n",
       "book.csv:2: quantity: \"1e6x\" is not a number (contracts held; negative when sold); give "
       "a number between -1e+09 "
       "and 1e+09"},
      {"symbol\nAAPL260619C00155500\nAAPL260619C00155500\n",
       "book.csv:3: name: \"AAPL260619C00155500\" names an earlier instrument too (results are "
       "told apart by name); rename "
       "one"},
      {"asset,kind,right,strike,expiry,exercise\nAAPL,european,put,100,2026-06-19,american\n",
       "book.csv:2: exercise: american exercise is not priced yet (it comes with a later release); "
       "use exercise = "
       "\"european\""},
      {"asset,kind,right,strike,expiry,barrier\nAAPL,european,put,100,2026-06-19,5\n",
       "book.csv:2: barrier: not read by european (barrier level; the lower one of a double "
       "barrier; only for barrier, "
       "barrier (discrete), double_barrier, double_barrier (discrete)); remove the key"},
  };
  for (auto const& row : rows) EXPECT_EQ(refused(row.book), row.message);
}

TEST_F(Book, RefusesWhatIsNoText) {
  EXPECT_THAT(refused(std::string("symbol\nAA\0\n", 11)), HasSubstr("book.csv"));
  EXPECT_THAT(refused("symbol,name\n\"AAPL260619C00155500,x\n"), HasSubstr("book.csv"));
  EXPECT_THAT(refused("symbol,name\nAAPL260619C00155500,\xff\xfe\n"), HasSubstr("invalid UTF-8"));
}

}  // namespace
}  // namespace muster::jobs::price
