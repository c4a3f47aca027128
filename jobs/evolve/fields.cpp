#include "jobs/evolve/fields.hpp"

#include <array>

#include "jobs/evolve/auto_rules.hpp"

namespace muster::jobs::evolve {
namespace {

using schema::above_up_to;
using schema::between;

constexpr std::array<std::string_view, 1> job_kinds{"evolve"};
constexpr std::array<std::string_view, 6> objectives{"rules", "crossover", "sphere", "rosenbrock", "rastrigin", "ackley"};
constexpr std::array<std::string_view, 4> metrics{"sharpe", "sortino", "calmar", "total_return"};
constexpr std::array<std::string_view, 2> precisions{"single", "double"};
constexpr std::array<std::string_view, 3> sides{"long", "short", "both"};
constexpr std::array<std::string_view, 3> schemes{"holdout", "walk_forward", "cross_validation"};
constexpr std::array<std::string_view, 2> null_methods{"mirrored", "resampled"};
constexpr std::array<std::string_view, 14> indicators{"sma",      "ema",     "wma",      "rsi",        "macd",   "bollinger", "atr",
                                                      "momentum", "channel", "breakout", "volatility", "volume", "zscore",    "seasonality"};
static_assert(indicators.size() == kernels::backtest::indicator_count);
constexpr std::array<std::string_view, 2> algorithms{"genetic", "jde"};
constexpr std::array<std::string_view, 6> crossovers{"uniform", "one_point", "two_point", "exponential", "blend", "sbx"};
constexpr std::array<std::string_view, 3> mutations{"polynomial", "gaussian", "reset"};
constexpr std::array<std::string_view, 3> adaptations{"none", "success", "diversity"};
constexpr std::array<std::string_view, 2> replacements{"plus", "generational"};
constexpr std::array<std::string_view, 3> trial_bases{"best_of_three", "random", "best_of_two"};
constexpr std::array<std::string_view, 2> trial_crossovers{"binomial", "exponential"};
constexpr std::array<std::string_view, 5> topologies{"none", "ring", "full", "torus", "custom"};
constexpr std::array<std::string_view, 2> migrant_choices{"best", "random"};

constexpr schema::Variants bit(Objective objective) { return schema::Variants{1} << static_cast<unsigned>(objective); }
constexpr schema::Variants by_rules = bit(Objective::rules);
constexpr schema::Variants by_trading = by_rules | bit(Objective::crossover);
constexpr schema::Variants by_functions = ~by_trading;

schema::Table const& market_table() {
  using F = schema::Of<Marked<MarketChoice>>;
  static schema::Table const table = F::table(
      "market", "The bars that strategies are tried on.",
      {F::text<&Marked<MarketChoice>::bars>(
           "bars", "a bar file of `muster import bars`, relative to the job file, or a generated market such as "
                   "\"synthetic:symbols=20,days=2520,seed=7\"")
           .required(),
       F::text<&Marked<MarketChoice>::digest>("digest", "content digest of the bars; another one is refused")
           .automatic("that of the file"),
       F::text<&Marked<MarketChoice>::symbol>("symbol", "crossover: the symbol it trades").automatic("the first")});
  return table;
}

schema::Table const& costs_table() {
  using Costs = Marked<kernels::backtest::Costs>;
  using F = schema::Of<Costs>;
  static schema::Table const table = F::table(
      "costs", "What trading costs, and the account it is paid from.",
      {F::number<&Costs::capital_usd>("capital_usd", "USD", between(1e3, 1e8), "at the start of every span"),
       F::number<&Costs::commission_bps>("commission_bps", "1e-4", between(0, 1000), "of a fill's value"),
       F::number<&Costs::commission_per_share_usd>("commission_per_share_usd", "USD", between(0, 10), "a share"),
       F::number<&Costs::half_spread_bps>("half_spread_bps", "1e-4", between(0, 5000),
                                          "paid on market and stop orders, not on targets"),
       F::number<&Costs::slippage_bps>("slippage_bps", "1e-4", between(0, 5000), "paid with the half spread"),
       F::number<&Costs::borrow_percent_year>("borrow_percent_year", "%/year", between(0, 1000),
                                              "of short positions at each close"),
       F::number<&Costs::financing_percent_year>("financing_percent_year", "%/year", between(0, 1000),
                                                 "of negative cash at each close"),
       F::number<&Costs::leverage>("leverage", "1", between(0.01, 16),
                                   "the most gross exposure that an entry may make, in equities")});
  return table;
}

schema::Table const& rules_table() {
  using Rules = Marked<RuleSpace>;
  using F = schema::Of<Rules>;
  // Canonical text has these where there is a file.
  auto const where_named = [](schema::Field field) {
    field.custom.is_absent = [](void const* record) { return static_cast<Rules const*>(record)->features.empty(); };
    return field;
  };
  static schema::Table const table = F::table(
      "rules", "The rules that are searched (docs/methods/indicators.md, docs/methods/backtest.md).",
      {F::count<&Rules::terms>("terms", "", between(1, kernels::backtest::most_terms), "indicators that a rule adds up"),
       F::choices<&Rules::indicators>("indicators", indicators, "the indicators a term may be").automatic("all"),
       F::numbers<&Rules::windows>("windows", "bars",
                                   between(kernels::backtest::shortest_window, kernels::backtest::longest_window),
                                   "the look-backs a term may have, ascending")
           .automatic("24 from 2 to 200")
           .at_most_items(64),
       F::choice<&Rules::sides>("sides", sides, "the positions a rule may take"),
       F::count<&Rules::longest_hold>("longest_hold", "bars", between(0, 1000), "the largest holding limit; 0: none is tried"),
       F::number<&Rules::largest_size_percent>("largest_size_percent", "%", between(1, 1000),
                                               "the largest position, of equity"),
       where_named(F::text<&Rules::features>("features", "a feature file of `muster features`, relative to the job file: a term may be one "
                                                         "of its latent values, too")
                       .defaulting("none")),
       where_named(F::text<&Rules::features_digest>("features_digest", "content digest of the features; another one is refused")
                       .automatic("that of the file"))});
  return table;
}

schema::Table const& spans_table() {
  using Spans = Marked<SpanChoice>;
  using F = schema::Of<Spans>;
  static schema::Table const table = F::table(
      "spans", "Which bars are searched on, which choose the champion, and which are touched once, at the end.",
      {F::choice<&Spans::scheme>("scheme", schemes,
                                 "holdout: train, validation, test; the others cut what lies before the test span into folds"),
       F::number<&Spans::train>("train", "1", between(0.1, 0.98), "share of the bars that is searched on"),
       F::number<&Spans::validation>("validation", "1", between(0.01, 0.8),
                                     "share of the bars behind it; all that is left is the test span"),
       F::count<&Spans::folds>("folds", "", between(2, 20), "walk_forward, cross_validation: validation spans"),
       F::count<&Spans::embargo>("embargo", "bars", between(0, 1000),
                                 "left out behind a validation span; look-back and holding limit are left out in any case")});
  return table;
}

schema::Table const& fitness_table() {
  using Fitness = Marked<FitnessChoice>;
  using F = schema::Of<Fitness>;
  static schema::Table const table =
      F::table("fitness", "What is bred for: the mean over the train spans.",
               {F::choice<&Fitness::metric>("metric", metrics, "annual, after costs"),
                F::count<&Fitness::least_trades>("least_trades", "", between(0, 1e6),
                                                 "in the train spans together; a rule with fewer is infeasible")});
  return table;
}

schema::Table const& search_table() {
  using Search = Marked<SearchChoice>;
  using F = schema::Of<Search>;
  static schema::Table const table = F::table(
      "search", "How it is searched (docs/methods/evolution.md).",
      {F::choice<&Search::algorithm>("algorithm", algorithms, "genetic algorithm, or differential evolution (jDE)"),
       F::count<&Search::population>("population", "", between(4, most_slots), "individuals of all islands")
           .automatic("1024, 4096 or 16384 by tier"),
       F::count<&Search::islands>("islands", "", between(1, 65'536), "populations that meet by migration alone"),
       F::count<&Search::generations>("generations", "", between(1, most_generations), "after the first"),
       F::number<&Search::wall_s>("wall_s", "s", between(0, 1e7),
                                  "no generation begins after so much time of a start; 0: no limit. The last generation is stored: "
                                  "verify and replay end there, and null markets are searched as long"),
       F::count<&Search::tile_slots>("tile_slots", "", between(1, 65'536), "individuals a tile; part of the answer")
           .automatic("the largest power of two whose backtests are 2^24 symbol-bars at most, between 8 and 4096, and "
                      "not above population"),
       F::count<&Search::tournament>("tournament", "", between(1, 16), "genetic: individuals a parent is the best of"),
       F::choice<&Search::crossover>("crossover", crossovers, "genetic: how two parents mix"),
       F::number<&Search::crossover_rate>("crossover_rate", "1", between(0, 1), "genetic: share of children of two parents"),
       F::number<&Search::crossover_spread>("crossover_spread", "1", between(0, 1000),
                                            "genetic: index of sbx, alpha of blend, chance of exponential to go on"),
       F::choice<&Search::mutation>("mutation", mutations, "genetic: how a gene changes"),
       F::number<&Search::mutation_rate>("mutation_rate", "1", between(0, 1), "genetic: a gene's chance; 0: one gene a child")
           .automatic("0, or 1.5 or 2 genes a child on the mid and high tier"),
       F::number<&Search::mutation_spread>("mutation_spread", "1", between(0, 1000),
                                           "genetic: index of polynomial, share of the range of gaussian"),
       F::choice<&Search::adaptation>("adaptation", adaptations, "genetic: what the mutation rate of an island follows"),
       F::choice<&Search::replacement>("replacement", replacements,
                                       "genetic: the best of parents and children, or the children and the elites"),
       F::count<&Search::elites>("elites", "", between(0, 65'536), "generational: the best that stay"),
       F::choice<&Search::trial_base>("trial_base", trial_bases, "jde: what a difference is added to"),
       F::choice<&Search::trial_crossover>("trial_crossover", trial_crossovers, "jde: which genes come from the mutant"),
       F::choice<&Search::topology>("topology", topologies, "who sends migrants to whom"),
       F::numbers<&Search::edges>("edges", "", between(0, 65'535), "custom: from, to, from, to, ... by island, from 0")
           .at_most_items(65'536),
       F::count<&Search::migration_every>("migration_every", "", between(0, most_generations), "generations; 0: never"),
       F::count<&Search::migrants>("migrants", "", between(0, 65'536), "individuals an edge"),
       F::choice<&Search::migrant_choice>("migrant_choice", migrant_choices, "who goes")});
  return table;
}

schema::Table const& honesty_table() {
  using Honesty = Marked<HonestyChoice>;
  using F = schema::Of<Honesty>;
  static schema::Table const table = F::table(
      "honesty", "How it is told whether the champion is more than luck (docs/methods/honest-selection.md).",
      {F::count<&Honesty::null_markets>("null_markets", "", between(0, 9999),
                                        "markets without a pattern on which the whole search is repeated"),
       F::choice<&Honesty::null_method>("null_method", null_methods,
                                        "mirrored: each bar's moves turned round by a coin, for all symbols at once; resampled: demeaned "
                                        "moves in blocks of another order"),
       F::number<&Honesty::mean_block>("mean_block", "bars", between(1, 10'000), "resampled: mean length of the blocks"),
       F::count<&Honesty::trials>("trials", "", between(0, 10'000),
                                  "individuals of all generations that are judged again for the probability of overfitting")});
  return table;
}

}  // namespace

schema::Names objective_names() { return objectives; }
schema::Names metric_names() { return metrics; }
schema::Names indicator_names() { return indicators; }

schema::Table const& job_table() {
  using F = schema::Of<JobInput>;
  // Canonical text has it where it is not what auto would say.
  auto const where_chosen = [](schema::Field field) {
    field.custom.is_absent = [](void const* record) {
      auto const& input = *static_cast<JobInput const*>(record);
      return input.lineage == auto_lineage(input.search.population);
    };
    return field;
  };
  static schema::Table const table = [&] {
    auto made = F::table(
        "evolve", "What the job is.",
        {F::choice<&JobInput::kind>("kind", job_kinds, "the kind of job").required(),
         F::choice<&JobInput::objective>("objective", objectives,
                                         "rules or moving-average crossovers on bars, or a test function of 0 at its best"),
         F::text<&JobInput::name>("name", "name of the job").defaulting("the file's name"),
         F::choice<&JobInput::mode>("mode", topology::mode_words,
                                    "how to drive the GPUs; --mode on the command line wins; no part of the answer")
             .defaulting("by the number of GPUs")
             .input_only(),
         F::count<&JobInput::seed>("seed", "", between(0, 0x1p63), "seed of the random numbers"),
         F::count<&JobInput::dimensions>("dimensions", "", between(1, kernels::max_genes), "of the test function")
             .only(by_functions),
         F::choice<&JobInput::precision>("precision", precisions,
                                         "arithmetic of the search's backtests; every figure that is told is in double")
             .only(by_rules),
         F::count<&JobInput::hall_of_fame>("hall_of_fame", "", between(1, 1000), "of the best by the train spans, kept and told"),
         where_chosen(F::count<&JobInput::lineage>("lineage", "generations", between(0, most_generations),
                                                   "before its birth that the ancestors of each of the hall are told; 0: none")
                          .automatic("100, or 0 for a population above 2^18")),
         F::record<&JobInput::market>("market", market_table, "the bars").only(by_trading),
         F::record<&JobInput::costs>("costs", costs_table, "what trading costs").only(by_trading),
         F::record<&JobInput::rules>("rules", rules_table, "the rules that are searched").only(by_rules),
         F::record<&JobInput::spans>("spans", spans_table, "train, validation and test").only(by_trading),
         F::record<&JobInput::fitness>("fitness", fitness_table, "what is bred for").only(by_trading),
         F::record<&JobInput::search>("search", search_table, "how it is searched"),
         F::record<&JobInput::honesty>("honesty", honesty_table, "luck or more").only(by_trading)});
    made.variants = [](void const* r) { return bit(static_cast<JobInput const*>(r)->objective); };
    made.variant_names = objectives;
    made.deciding_fields = 2;
    return made;
  }();
  return table;
}

}  // namespace muster::jobs::evolve
