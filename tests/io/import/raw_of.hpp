// Raw chains from text, for tests of readers and importer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/import/chain_source.hpp"

namespace muster::test {

inline io::RawChain raw_of(std::vector<std::string> const& texts, io::ReadLimits limits = {}) {
  std::vector<std::unique_ptr<io::TextSource>> sources;
  for (auto const& text : texts)
    sources.push_back(io::text_from_memory("file" + std::to_string(sources.size() + 1), text));
  return io::read_chain(sources, limits);
}

/// A Cboe file of 2023-09-14 with these data rows.
inline std::string cboe_text(
    std::string const& rows,
    std::string const& date = "\"Date: September 14, 2023 at 4:31 PM EDT\"") {
  return "\nStandard & Poors 500 Index,Last: 4505.1001,Change:  37.6601\n" + date +
         ",Bid: 4483.25,Ask: 4526.27,Size: 1*1,Volume: 0\n"
         "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open "
         "Interest,Strike,Puts,Last Sale,Net,"
         "Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n" +
         rows;
}

inline std::string const cboe_row =
    "Fri Oct 20 "
    "2023,SPX231020C04500000,95.5,1.2,94.1,94.9,120,0.121,0.53,0.002,4001,4500.00,"
    "SPX231020P04500000,64.2,"
    "-3,63.5,64.3,310,0.119,-0.47,0.0021,5002\n";

inline std::string const lean_header =
    "quote_date,underlying,underlying_close,expiry,strike,right,bid,bid_size,ask,ask_size,trade_"
    "close,trade_volume,"
    "open_interest\n";

inline std::string const yahoo_header =
    ",contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,change,percentChange,volume,"
    "openInterest,impliedVolatility,"
    "inTheMoney,contractSize,currency,Type,Expiration_Date\n";

}  // namespace muster::test
