#include "jobs/price/parse.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"
#include "core/toml.hpp"
#include "jobs/price/auto_rules.hpp"
#include "jobs/price/book.hpp"
#include "jobs/price/check.hpp"
#include "jobs/price/correlation.hpp"
#include "jobs/price/fields.hpp"
#include "jobs/price/market_book.hpp"
#include "jobs/price/render.hpp"
#include "jobs/price/strategies.hpp"

namespace muster::jobs::price {
namespace {

/// One job file on its way to parameters.
class Parser {
 public:
  Parser(TomlDocument const& document, std::filesystem::path const& file,
         ParseOptions const& options)
      : document_(document), file_(file), options_(options) {}

  Params parse(std::vector<ResolvedSetting>* settings) {
    schema::read(job_table(), &input_, document_.root(), "", faults_);
    // An empty file has no place of its own.
    if (input_.marks.record.source.empty()) input_.marks.record = {document_.file(), 0, 0};
    open_book();
    origins_.job = input_.marks;
    origins_.simulation = input_.simulation.marks;
    take_scalars();
    take_market();
    gather_instruments();
    for (auto& instrument : input_.instruments) take_instrument(instrument);
    if (!params_.market.assets.empty() || input_.marks.was_given("market"))
      check_assets(params_, origins_, faults_);
    check_instruments(params_, origins_, faults_);
    std::vector<AutoReason> const reasons =
        resolve_auto(params_, automatic(), options_.tier, options_.tier_reason);
    check_quotes(params_, origins_, faults_);
    check_outputs(params_, origins_, faults_);
    check_simulation(params_, origins_, faults_);
    faults_.throw_if_any();
    if (chain_ && !book_rows_.are_all) log::warn("{}: {}", book_file_, book_rows_.report);
    if (settings != nullptr) list_settings(reasons, *settings);
    return std::move(params_);
  }

 private:
  Automatic automatic() const {
    auto const& job = input_.marks;
    auto const& simulation = input_.simulation.marks;
    return {job.is_auto("method"),           job.is_auto("outputs"),
            simulation.is_auto("paths"),     simulation.is_auto("tile_paths"),
            simulation.is_auto("precision"), simulation.is_auto("max_paths")};
  }

  /// A market file also says what the market is, so it is read before the market is taken.
  void open_book() {
    bool is_market_file = false;
    if (!input_.book.file.empty()) {
      book_path_ = file_.parent_path() / input_.book.file;
      book_file_ = book_path_.string();
      is_market_file = io::is_hdf5(book_path_);
      if (is_market_file) open_market_file();
    }
    if (!input_.marks.was_given("market") && !is_market_file)
      input_.marks.add(faults_, "market",
                       "missing (what the instruments are priced on); give a table");
  }

  void open_market_file() {
    try {
      auto chain = io::read_market(book_path_);
      if (fit_market(chain, book_file_, input_, faults_)) chain_ = std::move(chain);
    } catch (Error const& error) {
      if (error.code() != Exit::user) throw;
      input_.book.marks.add(faults_, "file", error.what());
    }
    is_book_read_ = true;
  }

  void take_scalars() {
    params_.name = input_.marks.was_given("name") ? input_.name : file_.stem().string();
    if (params_.name.empty() || printable(params_.name, 1000) != params_.name)
      params_.name = "price";
    params_.seed = input_.seed;
    params_.method = input_.method;
    params_.outputs = input_.outputs;
    params_.simulation = input_.simulation;
  }

  void take_market() {
    MarketInput& market = input_.market;
    bool const has_names =
        std::all_of(market.assets.begin(), market.assets.end(),
                    [](AssetInput const& asset) { return !asset.marks.is_faulty("name"); });
    if (!has_names) market.correlation_input = {};  // pairs could not be told apart
    params_.market.correlation = read_correlation(market, faults_);
    params_.market.currency = market.currency;
    if (market.valuation) {
      valuation_ = *to_instant(*market.valuation);
      params_.market.valuation = format_instant(valuation_);
    }
    params_.market.model = market.model;
    params_.market.rate = market.rate;
    for (auto& asset : market.assets) {
      asset_names_.push_back(asset.name);
      params_.market.assets.push_back(asset);
      origins_.assets.push_back(asset.marks);
    }
    origins_.market = market.marks;
  }

  void gather_instruments() {
    for (std::size_t i = 0; i < input_.instruments.size(); ++i)
      name_instrument(input_.instruments[i], i);
    check_strategy_names();
    for (auto& strategy : input_.strategies) expand_strategy(strategy, input_.instruments, faults_);
    if (input_.book.file.empty()) {
      if (input_.marks.was_given("book") && !input_.book.marks.is_faulty())
        input_.book.marks.add(faults_, "file", "empty (the book is a file); give its path");
      return;
    }
    if (chain_) book_rows_ = add_rows(*chain_, book_file_, input_, faults_);
    if (is_book_read_) return;
    std::size_t const first = input_.instruments.size();
    try {
      read_book_file(book_path_, book_file_, input_.instruments, faults_);
    } catch (Error const& error) {
      if (error.code() != Exit::user) throw;
      input_.book.marks.add(faults_, "file", error.what());
    }
    for (std::size_t i = first; i < input_.instruments.size(); ++i)
      name_instrument(input_.instruments[i], i);
  }

  static void name_instrument(InstrumentInput& instrument, std::size_t index) {
    if (instrument.name.empty())
      instrument.name =
          fmt::format("{}_{}", kind_names()[static_cast<std::size_t>(instrument.kind)], index + 1);
  }

  void check_strategy_names() {
    std::map<std::string_view, bool> names;
    for (auto const& instrument : input_.instruments) names.emplace(instrument.strategy, true);
    for (auto& strategy : input_.strategies)
      if (!strategy.name.empty() && !names.emplace(strategy.name, true).second)
        strategy.marks.add(
            faults_, "name",
            fmt::format("\"{}\" names an earlier strategy too (their totals would mix); "
                        "rename one",
                        printable(strategy.name)));
  }

  void take_instrument(InstrumentInput& from) {
    resolve_assets(from);
    resolve_expiry(from);
    resolve_fixings(from);
    if (from.kind == InstrumentKind::spread) from.weights = {1.0, -1.0};
    params_.instruments.push_back(std::move(static_cast<Instrument&>(from)));
    origins_.instruments.push_back(std::move(from.marks));
  }

  void resolve_assets(InstrumentInput& instrument) {
    Shape const shape = shape_of(instrument);
    bool const is_multi = shape == Shape::basket || shape == Shape::spread ||
                          shape == Shape::best_of || shape == Shape::worst_of;
    instrument.assets.clear();
    if (is_multi) {
      for (auto const& name : instrument.asset_names) resolve_asset(instrument, "assets", name);
    } else if (!instrument.asset_name.empty()) {
      resolve_asset(instrument, "asset", instrument.asset_name);
    } else if (asset_names_.size() == 1) {
      instrument.assets = {0};
    } else if (!asset_names_.empty() && !instrument.marks.is_faulty("asset")) {
      instrument.marks.add(
          faults_, "asset",
          fmt::format("missing (the market has {} assets); name one", asset_names_.size()));
    }
    if (instrument.assets.empty()) instrument.marks.faulty |= std::uint64_t{1} << 63;
  }

  void resolve_asset(InstrumentInput& instrument, std::string_view key, std::string_view name) {
    auto const found = std::find(asset_names_.begin(), asset_names_.end(), name);
    if (found != asset_names_.end()) {
      instrument.assets.push_back(static_cast<std::uint32_t>(found - asset_names_.begin()));
    } else if (!asset_names_.empty()) {
      instrument.marks.add(
          faults_, key,
          fmt::format("no asset of the market is named \"{}\" (its price is needed); {}",
                      printable(name), suggest(name, asset_names_)));
    }
  }

  void resolve_expiry(InstrumentInput& instrument) {
    schema::Marks& marks = instrument.marks;
    if (marks.is_faulty("expiry") || marks.is_faulty("expiry_years")) return;
    if (!instrument.expiry) {
      if (instrument.expiry_years == 0)
        marks.add(faults_, "expiry_years",
                  "missing (the contract ends some time); give "
                  "expiry_years or expiry");
      return;
    }
    if (marks.was_given("expiry_years"))
      marks.add(faults_, "expiry_years",
                "given together with expiry (they may disagree); keep one of them");
    else if (params_.market.valuation.empty())
      marks.add(faults_, "expiry",
                "given without market.valuation (time to expiry is counted from it); give "
                "market.valuation, or expiry_years");
    else
      set_expiry(instrument);
  }

  void set_expiry(InstrumentInput& instrument) {
    Instant const expiry = *to_instant(*instrument.expiry);
    instrument.expiry_years = years_between(valuation_, expiry);
    if (expiry <= valuation_)
      instrument.marks.add(
          faults_, "expiry",
          fmt::format("{} is not after the valuation at {} (the contract is over); "
                      "remove it or mend the dates",
                      format_instant(expiry), params_.market.valuation));
    else if (instrument.expiry_years > limit_expiry_years)
      instrument.marks.add(
          faults_, "expiry",
          fmt::format("{} is over {} years away (beyond what is priced); mend the date",
                      format_instant(expiry), limit_expiry_years));
  }

  void resolve_fixings(InstrumentInput& instrument) {
    schema::Marks& marks = instrument.marks;
    if (instrument.fixings > 0 && !instrument.fixing_years.empty())
      marks.add(faults_, "fixings",
                "given together with fixing_years (they may disagree); keep one of them");
    std::size_t const count =
        std::max<std::size_t>(instrument.fixings, instrument.fixing_years.size());
    fixings_ += count + instrument.past_fixings.size();
    if (fixings_ > limit_fixings_in_all) {
      if (fixings_ - count <= limit_fixings_in_all)  // say it once
        marks.add(
            faults_, "fixings",
            fmt::format("over {} fixings in all instruments (they would fill the memory); use "
                        "fewer",
                        human_count(limit_fixings_in_all)));
      return;
    }
    if (instrument.fixings == 0 || !marks.is_sound({"fixings", "expiry", "expiry_years"})) return;
    auto const n = static_cast<double>(instrument.fixings);
    instrument.fixing_years.reserve(instrument.fixings);
    for (std::uint64_t i = 1; i < instrument.fixings; ++i)
      instrument.fixing_years.push_back(instrument.expiry_years * static_cast<double>(i) / n);
    instrument.fixing_years.push_back(instrument.expiry_years);
  }

  void list_settings(std::vector<AutoReason> const& reasons,
                     std::vector<ResolvedSetting>& settings) const {
    JobInput resolved = to_input(without_instruments());
    resolved.marks = input_.marks;
    resolved.market.marks = input_.market.marks;
    resolved.simulation.marks = input_.simulation.marks;
    if (resolved.simulation.marks.path.empty()) resolved.simulation.marks.path = "simulation";
    std::vector<schema::Setting> listed;
    schema::list_settings(job_table(), &resolved, listed);
    for (auto& setting : listed) {
      auto const reason = std::find_if(reasons.begin(), reasons.end(),
                                       [&](AutoReason const& r) { return r.key == setting.key; });
      bool const is_from_book =
          chain_ && setting.source == "default" &&
          (setting.key == "market.currency" || setting.key == "market.valuation");
      if (reason != reasons.end()) setting.source = reason->reason;
      if (is_from_book) setting.source = "from the book";
      settings.push_back(
          {std::move(setting.key), std::move(setting.value), std::move(setting.source)});
    }
    if (input_.marks.was_given("mode"))
      settings.push_back({"mode", schema::quoted(topology::mode_words.at(static_cast<std::size_t>(input_.mode))),
                          "how to compute, no part of the answer; the plan says what it does"});
    if (chain_)
      settings.push_back({"book.file", schema::quoted(input_.book.file), book_rows_.report});
  }

  Params without_instruments() const {
    Params copy;
    copy.name = params_.name;
    copy.seed = params_.seed;
    copy.method = params_.method;
    copy.outputs = params_.outputs;
    copy.market = params_.market;
    copy.simulation = params_.simulation;
    return copy;
  }

  TomlDocument const& document_;
  std::filesystem::path file_;
  ParseOptions const& options_;
  JobInput input_;
  Params params_;
  Origins origins_;
  Faults faults_;
  Instant valuation_{};
  std::vector<std::string_view> asset_names_;
  std::filesystem::path book_path_;
  std::string book_file_;
  std::optional<io::MarketFile> chain_;  ///< the book, when it is a market file that fits the job
  bool is_book_read_ = false;
  AddedRows book_rows_;
  std::size_t fixings_ = 0;
};

}  // namespace

Params parse_params(std::string_view text, std::filesystem::path const& file,
                    ParseOptions const& options, std::vector<ResolvedSetting>* settings) {
  auto const document = TomlDocument::parse(text, file.string(), options.overrides, options.limits);
  return Parser(document, file, options).parse(settings);
}

Params parse_resolved(std::string_view text) {
  ParseOptions options;
  options.limits = resolved_toml_limits;
  return parse_params(text, "resolved job", options);
}

}  // namespace muster::jobs::price
