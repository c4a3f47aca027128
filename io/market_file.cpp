#include "io/market_file.hpp"

#include "core/error.hpp"
#include "io/document_writer.hpp"
#include "io/h5_signature.hpp"
#include "io/market_rules.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

constexpr std::size_t longest_raw_row = 4096;

/// One column out of a member of every record.
template <class To, class Record, class Get>
std::vector<To> column_of(std::vector<Record> const& records, Get get) {
  std::vector<To> values;
  values.reserve(records.size());
  for (Record const& record : records) values.push_back(static_cast<To>(get(record)));
  return values;
}

void write_expiries(DocumentWriter& out, MarketFile const& market) {
  auto const& all = market.expiries;
  using Expiry = MarketExpiry;
  auto const texts = [&](char const* name, auto get) {
    out.column(std::string("/expiries/") + name, "", column_of<std::string>(all, get));
  };
  auto const reals = [&](char const* name, std::string const& unit, auto get) {
    out.column(std::string("/expiries/") + name, unit, column_of<double>(all, get));
  };
  out.group("/expiries");
  texts("root", [](Expiry const& e) { return e.root; });
  texts("expiry_utc", [](Expiry const& e) { return e.expiry_utc; });
  texts("settlement", [](Expiry const& e) { return to_word(e.settlement); });
  reals("years", "year", [](Expiry const& e) { return e.years; });
  reals("forward", market.currency, [](Expiry const& e) { return e.forward; });
  reals("discount", "1", [](Expiry const& e) { return e.discount; });
  texts("quality", [](Expiry const& e) { return to_word(e.quality); });
  texts("reason", [](Expiry const& e) { return e.reason; });
}

void write_rows(DocumentWriter& out, MarketFile const& market) {
  auto const& all = market.rows;
  using Row = MarketRow;
  auto const reals = [&](char const* name, std::string const& unit, auto get) {
    out.column(std::string("/rows/") + name, unit, column_of<double>(all, get));
  };
  auto const integers = [&](char const* name, std::string const& unit, auto get) {
    out.column(std::string("/rows/") + name, unit, column_of<std::int64_t>(all, get));
  };
  out.group("/rows");
  integers("expiry", "index", [](Row const& r) { return r.expiry; });
  out.column("/rows/right", "",
             column_of<std::string>(all, [](Row const& r) { return to_word(r.right); }));
  reals("strike", market.currency, [](Row const& r) { return r.strike; });
  reals("bid", market.currency, [](Row const& r) { return r.bid; });
  reals("ask", market.currency, [](Row const& r) { return r.ask; });
  reals("mid", market.currency, [](Row const& r) { return r.mid; });
  reals("iv", "year^-1/2", [](Row const& r) { return r.iv; });
  out.column("/rows/iv_status", "",
             column_of<std::string>(all, [](Row const& r) { return r.iv_status; }));
  integers("volume", "contract", [](Row const& r) { return r.volume; });
  integers("open_interest", "contract", [](Row const& r) { return r.open_interest; });
  reals("file_iv", "year^-1/2", [](Row const& r) { return r.file_iv; });
}

void write_rejected(DocumentWriter& out, MarketFile const& market) {
  auto const& all = market.rejected;
  using Row = RejectedRow;
  auto const texts = [&](char const* name, auto get) {
    out.column(std::string("/rejected/") + name, "", column_of<std::string>(all, get));
  };
  out.group("/rejected");
  texts("file", [](Row const& r) { return r.file; });
  out.column("/rejected/line", "1",
             column_of<std::int64_t>(all, [](Row const& r) { return r.line; }));
  texts("reason", [](Row const& r) { return r.reason; });
  texts("text", [](Row const& r) { return shorten(clean_text(r.text), longest_raw_row); });
}

void write_root(DocumentWriter& out, MarketFile const& market) {
  out.attribute("/", "source", market.source);
  out.attribute("/", "as_of_utc", market.as_of_utc);
  out.attribute("/", "underlying", market.underlying);
  if (market.spot) out.attribute("/", "spot", *market.spot);
  out.attribute("/", "exercise", to_word(market.exercise));
  out.attribute("/", "currency", market.currency);
  out.attribute("/", "multiplier", market.multiplier);
  out.attribute("/", "muster_version", market.muster_version);
}

}  // namespace

void write_market(std::filesystem::path const& path, MarketFile const& market) {
  std::string const fault = find_fault(market);
  MUSTER_ASSERT(fault.empty(), "market file of {}: {}", market.underlying, fault);
  DocumentWriter out(path, market_filetype, market_major_version, market_minor_version);
  write_root(out, market);
  write_expiries(out, market);
  write_rows(out, market);
  write_rejected(out, market);
  out.finish();
}

bool is_hdf5(std::filesystem::path const& path) { return has_hdf5_signature(path); }

}  // namespace muster::io
