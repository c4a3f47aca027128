#include "jobs/evolve/parse.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/toml.hpp"
#include "jobs/evolve/auto_rules.hpp"
#include "jobs/evolve/fields.hpp"
#include "jobs/evolve/generation.hpp"
#include "jobs/evolve/ground.hpp"
#include "jobs/evolve/market.hpp"
#include "jobs/evolve/rule_space.hpp"

namespace muster::jobs::evolve {
namespace {

/// One job file on its way to parameters.
class Parser {
 public:
  Parser(TomlDocument const& document, std::filesystem::path const& file, ResolveOptions const& options, Universe universe)
      : document_(document), file_(file), options_(options), universe_(universe) {}

  Params parse(std::vector<ResolvedSetting>* settings) {
    schema::read(job_table(), &input_, document_.root(), "", faults_);
    if (input_.marks.record.source.empty()) input_.marks.record = {document_.file(), 0, 0};
    input_.name = job_name(input_.marks, input_.name, file_, "evolve");
    resolve_rules();
    check_rules();
    check_search_shape();
    // What follows builds on all of it.
    faults_.throw_if_any();
    if (is_traded(input_.objective)) take_market();
    resolve_search();
    check_search();
    faults_.throw_if_any();
    if (settings != nullptr) list_settings(job_table(), &input_, reasons_, *settings);
    return params();
  }

 private:
  Params params() const {
    return {input_.name,  input_.seed,  input_.objective, input_.dimensions, input_.precision, input_.hall_of_fame, input_.lineage, input_.market,
            input_.costs, input_.rules, input_.spans,     input_.fitness,    input_.search,    input_.honesty};
  }

  /// "auto: ..." for a key that the job leaves to muster.
  void decide(schema::Marks const& marks, std::string_view key, std::string reason) {
    reasons_.push_back({marks.path.empty() ? std::string(key) : fmt::format("{}.{}", marks.path, key), "auto: " + std::move(reason)});
  }

  void resolve_rules() {
    auto& rules = input_.rules;
    if (rules.indicators.empty()) rules.indicators = all_indicators();
    if (rules.windows.empty())
      for (auto const window : kernels::backtest::default_windows()) rules.windows.push_back(window);
  }

  void check_rules() {
    auto& rules = input_.rules;
    bool is_ascending = std::ranges::adjacent_find(rules.windows, std::greater_equal{}) == rules.windows.end();
    bool const is_whole = std::ranges::all_of(rules.windows, [](double w) { return w == std::floor(w); });
    if (!is_ascending || !is_whole)
      rules.marks.add(faults_, "windows", "not ascending whole numbers (a term names its window by its place); sort them and leave out doubles");
    if (input_.objective == Objective::rules && input_.costs.half_spread_bps + input_.costs.slippage_bps > 5000)
      input_.costs.marks.add(faults_, "slippage_bps", "with half_spread_bps over 5000 (more than half of the price); give less");
    if (is_traded(input_.objective) && input_.spans.scheme == Scheme::holdout && input_.spans.train + input_.spans.validation > 1)
      input_.spans.marks.add(faults_, "validation", fmt::format("with train {} over 1 (they are shares of the bars); give less",
                                                                plain_number(input_.spans.train)));
  }

  void check_search_shape() {
    auto& search = input_.search;
    if (search.marks.is_auto("population")) {
      search.population = auto_population(options_.tier, search.islands);
      decide(search.marks, "population", tier_text(options_));
    }
    if (input_.marks.is_auto("lineage")) {
      input_.lineage = auto_lineage(search.population);
      decide(input_.marks, "lineage", "by the population");
    }
    if (search.population % search.islands != 0)
      search.marks.add(faults_, "population", fmt::format("{} individuals on {} islands (each has as many); give a multiple of {}",
                                                          search.population, search.islands, search.islands));
    if (search.wall_s > 0 && search.generations > most_timed_generations)
      search.marks.add(faults_, "generations", fmt::format("{} with a wall_s (those that are left when the time is over are still counted "
                                                           "off); give at most {}", search.generations, most_timed_generations));
    bool const has_edges = !search.edges.empty();
    if (has_edges != (search.topology == kernels::Topology::custom))
      search.marks.add(faults_, "edges", has_edges ? "given for a topology of its own (it would not be read); set topology = \"custom\""
                                                   : "missing (topology is custom); list from, to, from, to, ... by island");
    if (search.edges.size() % 2 != 0)
      search.marks.add(faults_, "edges", "an odd number of islands (an edge is from, to); complete the last one");
  }

  void take_market() {
    try {
      auto const known = open_market(input_.market, file_.parent_path());
      auto const& bars = known->bars;
      if (input_.market.digest.empty()) input_.market.digest = known->digest;
      if (input_.market.symbol.empty()) input_.market.symbol = bars.symbols.front();
      input_.costs.bars_per_year = bars_per_year(bars.interval);
      bars_ = bars.size();
      symbols_ = bars.symbols.size();
      if (!input_.rules.features.empty()) take_features(bars);
    } catch (Error const& error) {
      if (error.code() != Exit::user || faults_.size() > 0) throw;
      input_.market.marks.add(faults_, "bars", error.what());
      faults_.throw_if_any();
    }
  }

  void take_features(io::Bars const& bars) {
    auto& rules = input_.rules;
    try {
      auto const learned = open_learned(rules, file_.parent_path());
      auto const& features = learned->file();
      if (rules.features_digest.empty()) rules.features_digest = io::features_digest(features);
      rules.learned = learned->count();
      rules.learned_window = features.window;
      if (universe_ == Universe::own)
        require_fit(features, bars, spans_of(params(), bars.size()));
      else
        require_trained_on(features.training, bars);
    } catch (Error const& error) {
      if (error.code() != Exit::user) throw;
      rules.marks.add(faults_, "features", error.what());
      faults_.throw_if_any();
    }
  }

  /// Symbol-bars of the backtests of one genome; of a test function what takes as long, about.
  double work() const {
    if (!is_traded(input_.objective)) return 4.0 * static_cast<double>(input_.dimensions);
    return static_cast<double>(bars_) * (input_.objective == Objective::rules ? static_cast<double>(symbols_) : 0.1);
  }

  void resolve_search() {
    auto& search = input_.search;
    genes_ = genes_of(params());
    if (search.marks.is_auto("mutation_rate")) {
      search.mutation_rate = auto_mutation_rate(options_.tier, genes_.size());
      decide(search.marks, "mutation_rate", fmt::format("{} tier", topology::to_string(options_.tier)));
    }
    if (search.marks.is_auto("tile_slots")) {
      search.tile_slots = auto_tile_slots(work(), search.population);
      decide(search.marks, "tile_slots", "from bars and symbols of the job");
    }
  }

  void check_search() {
    auto const fault = kernels::fault_in(search_settings(params(), genes_));
    if (fault.empty()) return;
    auto const colon = fault.find(':');
    auto const key = fault.substr(0, colon);
    bool const is_ours = job_table().find("search")->table().find(key) != nullptr;
    input_.search.marks.add(faults_, is_ours ? key : "population", is_ours ? fault.substr(std::min(colon + 2, fault.size())) : fault);
  }

  TomlDocument const& document_;
  std::filesystem::path const& file_;
  ResolveOptions const& options_;
  Universe const universe_;
  JobInput input_;
  Faults faults_;
  AutoReasons reasons_;
  std::vector<kernels::Gene> genes_;
  std::size_t bars_ = 0, symbols_ = 0;
};

}  // namespace

Params parse_params(std::string_view text, std::filesystem::path const& file, ResolveOptions const& options,
                    std::vector<ResolvedSetting>* settings, Universe universe) {
  auto const document = TomlDocument::parse(text, file.string(), options.overrides);
  return Parser(document, file, options, universe).parse(settings);
}

std::string render_params(Params const& params) {
  JobInput input;
  input.name = params.name;
  input.seed = params.seed;
  input.objective = params.objective;
  input.dimensions = params.dimensions;
  input.precision = params.precision;
  input.hall_of_fame = params.hall_of_fame;
  input.lineage = params.lineage;
  assign(input.market, params.market);
  assign(input.costs, params.costs);
  assign(input.rules, params.rules);
  assign(input.spans, params.spans);
  assign(input.fitness, params.fitness);
  assign(input.search, params.search);
  assign(input.honesty, params.honesty);
  return schema::render(job_table(), &input);
}

}  // namespace muster::jobs::evolve
