#include <limits>

#include "io/document.hpp"
#include "io/market_file.hpp"
#include "io/market_rules.hpp"

namespace muster::io {
namespace {

/// The columns of one group, all with as many rows as its first one says.
class Columns {
 public:
  Columns(Document const& in, std::string group, std::string const& first)
      : in_(in), group_(std::move(group)), rows_(in.shape(path(first)).rows()) {}

  std::uint64_t rows() const { return rows_; }
  std::string path(std::string const& name) const { return group_ + "/" + name; }
  std::vector<double> reals(std::string const& name) const {
    return in_.column_of<double>(path(name), rows_);
  }
  std::vector<std::int64_t> integers(std::string const& name) const {
    return in_.column_of<std::int64_t>(path(name), rows_);
  }
  std::vector<std::string> texts(std::string const& name) const {
    return in_.column_of<std::string>(path(name), rows_);
  }
  template <class E>
  std::vector<E> words(std::string const& name) const {
    std::vector<E> values;
    for (std::string const& word : texts(name)) {
      auto const value = from_word<E>(word);
      if (!value) in_.refuse(path(name), "has a word that muster does not know");
      values.push_back(*value);
    }
    return values;
  }

 private:
  Document const& in_;
  std::string group_;
  std::uint64_t rows_;
};

std::vector<MarketExpiry> read_expiries(Document const& in) {
  Columns const columns(in, "/expiries", "root");
  auto const root = columns.texts("root"), expiry_utc = columns.texts("expiry_utc"),
             reason = columns.texts("reason");
  auto const settlement = columns.words<Settlement>("settlement");
  auto const quality = columns.words<ExpiryQuality>("quality");
  auto const years = columns.reals("years"), forward = columns.reals("forward"),
             discount = columns.reals("discount");
  std::vector<MarketExpiry> expiries(columns.rows());
  for (std::size_t i = 0; i < expiries.size(); ++i)
    expiries[i] = {root[i],    expiry_utc[i], settlement[i], years[i],
                   forward[i], discount[i],   quality[i],    reason[i]};
  return expiries;
}

std::vector<MarketRow> read_rows(Document const& in) {
  Columns const columns(in, "/rows", "expiry");
  auto const expiry = columns.integers("expiry"), volume = columns.integers("volume"),
             open_interest = columns.integers("open_interest");
  auto const right = columns.words<OptionRight>("right");
  auto const strike = columns.reals("strike"), bid = columns.reals("bid"),
             ask = columns.reals("ask"), mid = columns.reals("mid"), iv = columns.reals("iv"),
             file_iv = columns.reals("file_iv");
  auto const iv_status = columns.texts("iv_status");
  std::vector<MarketRow> rows(columns.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bool const is_index = expiry[i] >= 0 && expiry[i] <= std::numeric_limits<std::uint32_t>::max();
    if (!is_index) in.refuse(columns.path("expiry"), "holds a number that is no index");
    rows[i] = {static_cast<std::uint32_t>(expiry[i]),
               right[i],
               strike[i],
               bid[i],
               ask[i],
               mid[i],
               iv[i],
               iv_status[i],
               volume[i],
               open_interest[i],
               file_iv[i]};
  }
  return rows;
}

std::vector<RejectedRow> read_rejected(Document const& in) {
  Columns const columns(in, "/rejected", "file");
  auto const file = columns.texts("file"), reason = columns.texts("reason"),
             text = columns.texts("text");
  auto const line = columns.integers("line");
  std::vector<RejectedRow> rejected(columns.rows());
  for (std::size_t i = 0; i < rejected.size(); ++i)
    rejected[i] = {file[i], line[i], reason[i], text[i]};
  return rejected;
}

}  // namespace

MarketFile read_market(std::filesystem::path const& path) {
  Document const in(path, market_filetype, market_major_version);
  MarketFile market;
  market.source = in.text_attribute("/", "source");
  market.as_of_utc = in.text_attribute("/", "as_of_utc");
  market.underlying = in.text_attribute("/", "underlying");
  if (in.has_attribute("/", "spot")) market.spot = in.real_attribute("/", "spot");
  auto const exercise = from_word<Exercise>(in.text_attribute("/", "exercise"));
  if (!exercise) in.refuse("/", "has a kind of exercise that muster does not know");
  market.exercise = *exercise;
  market.currency = in.text_attribute("/", "currency");
  market.multiplier = in.real_attribute("/", "multiplier");
  market.muster_version = in.text_attribute("/", "muster_version");
  market.expiries = read_expiries(in);
  market.rows = read_rows(in);
  market.rejected = read_rejected(in);
  if (std::string const fault = find_fault(market); !fault.empty())
    in.refuse("", "says that " + fault);
  return market;
}

}  // namespace muster::io
