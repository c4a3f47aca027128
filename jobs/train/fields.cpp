#include "jobs/train/fields.hpp"

#include <array>

#include "jobs/train/sweep.hpp"
#include "kernels/nets/labels.hpp"

namespace muster::jobs::train {
namespace {

using schema::between;

constexpr std::array<std::string_view, 1> job_kinds{"train"};
constexpr std::array<std::string_view, 2> models{"surrogate", "autoencoder"};
constexpr std::array<std::string_view, 2> contracts{"european_call", "asian_call"};
constexpr std::array<std::string_view, 2> contract_models{"black_scholes", "heston"};
constexpr std::array<std::string_view, 3> contract_variants{"european_call", "asian_call", "heston"};
constexpr std::array<std::string_view, 2> baselines{"none", "prices"};
constexpr auto const& activations = kernels::nets::activation_names;
constexpr std::array<std::string_view, 2> optimizers{"adamw", "sgd"};
constexpr std::array<std::string_view, 3> schedules{"constant", "cosine", "one_cycle"};

constexpr schema::Variants by_european = 1, by_asian = 2, by_heston = 4;
constexpr schema::Variants variant_of(ContractChoice const& choice) {
  if (choice.model == ContractModel::heston) return by_heston;
  return choice.type == ContractKind::asian_call ? by_asian : by_european;
}

constexpr std::array<std::string_view, 2> data_variants{"simulated samples", "samples of a file"};
constexpr schema::Variants by_simulation = 1, by_file = 2;

constexpr schema::Variants bit(Model model) { return schema::Variants{1} << static_cast<unsigned>(model); }
constexpr schema::Variants by_surrogate = bit(Model::surrogate), by_autoencoder = bit(Model::autoencoder);

schema::Table const& contract_table() {
  using Contract = Marked<ContractChoice>;
  using F = schema::Of<Contract>;
  static schema::Table const table = [] {
    auto made = F::table(
        "contract",
        "Calls of strike 1, and the box that their markets are drawn from. Each range is [from, "
        "to].",
        {F::choice<&Contract::type>(
             "type", contracts, "on the terminal spot, or on the arithmetic average of fixings"),
         F::choice<&Contract::model>(
             "model", contract_models,
             "a volatility that stays, or, for European calls, Heston's variance: dv = mean_reversion (long_run_variance - v) dt + "
             "variance_volatility sqrt(v) dW"),
         F::numbers<&Contract::spot>("spot", "strikes", between(0.01, 100), "range of the spot")
             .at_most_items(2),
         F::numbers<&Contract::expiry_years>("expiry_years", "years", between(0.001, 50),
                                             "range of the expiry")
             .at_most_items(2),
         F::numbers<&Contract::volatility>("volatility", "1/sqrt(year)", between(0.001, 2),
                                           "range of the volatility")
             .at_most_items(2)
             .only(by_european | by_asian),
         F::numbers<&Contract::rate>("rate", "1/year", between(-0.5, 1),
                                     "range of the continuously compounded rate")
             .at_most_items(2),
         F::numbers<&Contract::dividend>("dividend", "1/year", between(-0.5, 1),
                                         "range of the dividend yield")
             .at_most_items(2),
         F::numbers<&Contract::initial_variance>("initial_variance", "1/year", between(1e-4, 4), "range of the variance now").at_most_items(2).only(by_heston),
         F::numbers<&Contract::mean_reversion>("mean_reversion", "1/year", between(0.01, 50), "range of the speed of reversion")
             .at_most_items(2)
             .only(by_heston),
         F::numbers<&Contract::long_run_variance>("long_run_variance", "1/year", between(1e-4, 4), "range of the long-run variance")
             .at_most_items(2)
             .only(by_heston),
         F::numbers<&Contract::variance_volatility>("variance_volatility", "1/year", between(0.01, 10), "range of the volatility of variance")
             .at_most_items(2)
             .only(by_heston),
         F::numbers<&Contract::correlation>("correlation", "", between(-0.99, 0.99), "range of the correlation of spot and variance")
             .at_most_items(2)
             .only(by_heston),
         F::count<&Contract::steps>("steps", "", between(2, 1024), "of a path's variance, equally spaced up to the expiry").only(by_heston),
         F::count<&Contract::fixings>(
             "fixings", "", between(2, 252),
             "equally spaced up to the expiry; from none to all but one of them are known")
             .only(by_asian),
         F::numbers<&Contract::known_average>("known_average", "spots", between(0.01, 100),
                                              "range of the known fixings' average")
             .at_most_items(2)
             .only(by_asian)});
    made.variants = [](void const* record) {
      return variant_of(*static_cast<Contract const*>(record));
    };
    made.variant_names = contract_variants;
    made.deciding_fields = 2;
    return made;
  }();
  return table;
}

schema::Table const& data_table() {
  using Data = Marked<DataChoice>;
  using F = schema::Of<Data>;
  static schema::Table const table = [] {
    auto made = F::table(
      "data",
      "What is learned from: contracts drawn by key, labelled by simulated paths "
      "(docs/methods/training.md), or those of a file.",
      {F::text<&Data::file>("file", "a file of samples (docs/formats/samples.md), relative to the job file, whose first rows are learned, the next ones "
                                    "validate, and those behind them test. Empty: muster makes them"),
       F::text<&Data::digest>("digest", "digest of that file; another one is refused").automatic("that of the file").only(by_file),
       F::count<&Data::samples>("samples", "", between(1, 50e6), "contracts to learn from")
           .automatic("1 000, 10 000, 100 000 by tier; of a file all rows that are left"),
       F::count<&Data::validation>("validation", "", between(1, 10e6),
                                   "contracts that choose the best network"),
       F::count<&Data::test>("test", "", between(1, 10e6),
                             "contracts that the network is judged by in the end"),
       F::count<&Data::paths>("paths", "", between(2, 2.0 * kernels::nets::most_label_pairs),
                              "of each label, an even number")
           .only(by_simulation),
       F::count<&Data::tile_samples>("tile_samples", "", between(1, 65'536),
                                     "labels made at a time")
           .automatic("by the paths")
           .only(by_simulation),
       F::count<&Data::grid>("grid", "", between(0, 100e6),
                             "contracts on a grid that arbitrage is looked for on in the end; 0: none")
           .automatic("1 048 576, or as many as cost no more than the training")});
    made.variants = [](void const* record) { return static_cast<Data const*>(record)->file.empty() ? by_simulation : by_file; };
    made.variant_names = data_variants;
    made.deciding_fields = 1;
    return made;
  }();
  return table;
}

schema::Table const& network_table() {
  using Network = Marked<NetworkChoice>;
  using F = schema::Of<Network>;
  static schema::Table const table = F::table(
      "network", "A multilayer perceptron.",
      {F::count<&Network::width>("width", "", between(1, 8192), "of each hidden layer")
           .automatic("160, 512, 1 472 by tier, or that of init_from"),
       F::count<&Network::layers>("layers", "", between(1, 64), "hidden ones")
           .automatic("4, 5, 6 by tier, or those of init_from"),
       F::choice<&Network::activation>("activation", activations, "behind each hidden layer"),
       F::text<&Network::init_from>("init_from",
                                    "a train result, relative to the job file, whose network is learned on; of the same shape and box. "
                                    "Empty: weights are drawn"),
       F::text<&Network::init_digest>("init_digest", "digest of that network; another one is refused").automatic("that of the file"),
       F::count<&Network::frozen_layers>("frozen_layers", "", between(0, 64), "first layers of it that stay as they are"),
       F::count<&Network::repeats>("repeats", "", between(1, 64),
                                   "networks that are taught, each from other weights and in another order; the best by validation is kept, "
                                   "figures of all have a spread"),
       F::choice<&Network::baseline>("baseline", baselines,
                                     "prices: as many networks, from the same weights in the same order, learn prices alone, to compare with")});
  return table;
}

schema::Table const& market_table() {
  using Market = Marked<MarketChoice>;
  using F = schema::Of<Market>;
  static schema::Table const table = F::table(
      "market", "The bars that an autoencoder learns, all symbols of them.",
      {F::text<&Market::bars>("bars",
                              "a bar file of `muster import bars`, relative to the job file, or a generated market such as "
                              "\"synthetic:symbols=20,days=2520,seed=7\"")
           .required(),
       F::text<&Market::digest>("digest", "content digest of the bars; another one is refused").automatic("that of the file")});
  return table;
}

schema::Table const& spans_table() {
  using Spans = Marked<SpanChoice>;
  using F = schema::Of<Spans>;
  static schema::Table const table = F::table(
      "spans", "Which bars are learned, which choose the network, and which it is judged by. No window reaches into another span.",
      {F::number<&Spans::train>("train", "1", between(0.1, 0.98), "share of the bars that is learned"),
       F::number<&Spans::validation>("validation", "1", between(0.01, 0.8),
                                     "share of the bars behind it; all that is left is the test span")});
  return table;
}

schema::Table const& encoder_table() {
  using Encoder = Marked<EncoderChoice>;
  using F = schema::Of<Encoder>;
  static schema::Table const table = F::table(
      "encoder", "From a window of bars to its latent values; widths fall by equal factors, and a mirrored half leads back.",
      {F::count<&Encoder::window>("window", "bars", between(2, 128), "bars it sees, five numbers each"),
       F::count<&Encoder::latent>("latent", "", between(1, 240), "latent values").automatic("8, 16, 32 by tier"),
       F::count<&Encoder::depth>("depth", "", between(1, 16), "layers, the latent one included").automatic("3, 5, 8 by tier"),
       F::count<&Encoder::width>("width", "", between(1, 8192), "of the first layer; not read at a depth of 1")
           .automatic("64, 128, 256 by tier"),
       F::choice<&Encoder::activation>("activation", activations, "behind each layer but the latent and the last one"),
       F::count<&Encoder::repeats>("repeats", "", between(1, 64),
                                   "networks that are taught, each from other weights and in another order; the best by validation is kept, "
                                   "what all of them miss has a spread")});
  return table;
}

schema::Table const& training_table() {
  using Training = Marked<TrainingChoice>;
  using F = schema::Of<Training>;
  static schema::Table const table = F::table(
      "training", "How it learns.",
      {F::count<&Training::epochs>("epochs", "", between(1, 100'000),
                                   "times that all samples are used")
           .automatic("10, 50, 200 by tier; of an autoencoder no more than make 20 000 steps"),
       F::count<&Training::batch>("batch", "", between(1, 16e6),
                                  "samples of a step; the last one of an epoch may have fewer")
           .automatic("1 024; of an autoencoder 16, 64, 256 by tier"),
       F::count<&Training::shards>("shards", "", between(1, 64),
                                   "parts that a step is cut into, a tile each; ranks and devices "
                                   "beyond them have nothing to do"),
       F::number<&Training::slopes>(
           "slopes", "", between(0, 1000),
           "surrogate: weight of the derivatives' errors against the prices'; 0 learns prices alone"),
       F::choice<&Training::precision>("precision", kernels::nets::precision_names,
                                       "of the factors of products. fp32: the same network on every device; bf16 and fp16, which has three bits "
                                       "more and ends at 65 504: on tensor cores, several times as fast on a GPU from compute capability 8.0, "
                                       "and the same network on GPUs of one name only; a CPU refuses them"),
       F::choice<&Training::optimizer>("optimizer", optimizers,
                                       "AdamW, or gradient descent with momentum"),
       F::choice<&Training::schedule>("schedule", schedules, "of the learning rate"),
       F::number<&Training::learning_rate>("learning_rate", "", between(1e-9, 10), "the highest"),
       F::number<&Training::warmup>("warmup", "", between(0, 1),
                                    "share of the steps in which the rate rises to it"),
       F::number<&Training::final_rate>("final_rate", "", between(0, 1),
                                        "the rate at the end, as a share of the highest"),
       F::number<&Training::momentum>("momentum", "", between(0, 0.9999),
                                      "keep of the mean gradient (beta 1)"),
       F::number<&Training::square_momentum>("square_momentum", "", between(0, 0.999999),
                                             "keep of the mean square (beta 2)"),
       F::number<&Training::epsilon>("epsilon", "", between(1e-12, 1),
                                     "added to the root of the mean square"),
       F::number<&Training::weight_decay>("weight_decay", "", between(0, 100),
                                          "a unit of learning rate, of weights, not of biases"),
       F::number<&Training::clip_norm>("clip_norm", "", between(0, 1e12),
                                       "the longest gradient; 0 leaves it as it is"),
       F::number<&Training::dropout>("dropout", "", between(0, 0.99),
                                     "share of the values behind activations that a step leaves out, drawn for each sample by key; the others count 1 / (1 - "
                                     "share) times. Validations and predictions have all"),
       F::number<&Training::average>("average", "", between(0, 0.999999),
                                     "keep of the moving average of the parameters; 0 has none"),
       F::count<&Training::validate_every>("validate_every", "steps", between(0, 1e9),
                                           "steps between validations; 0 means an epoch"),
       F::count<&Training::patience>(
           "patience", "", between(0, 1e6),
           "validations without a better one that end the run; 0: none do")});
  return table;
}

schema::Table const& sweep_table() {
  using Sweep = Marked<SweepChoice>;
  using F = schema::Of<Sweep>;
  auto const most = sweep_combinations;
  static schema::Table const table = F::table(
      "sweep",
      "Values that are tried in all combinations, at most 64 networks with their repeats; the best by validation is kept. Keys that change the shape, "
      "the steps or what losses mean are not among them.",
      {F::numbers<&Sweep::learning_rate>("learning_rate", "", between(1e-9, 10), "tried in place of training.learning_rate").at_most_items(most),
       F::numbers<&Sweep::final_rate>("final_rate", "", between(0, 1), "tried in place of training.final_rate").at_most_items(most),
       F::numbers<&Sweep::momentum>("momentum", "", between(0, 0.9999), "tried in place of training.momentum").at_most_items(most),
       F::numbers<&Sweep::weight_decay>("weight_decay", "", between(0, 100), "tried in place of training.weight_decay").at_most_items(most),
       F::numbers<&Sweep::clip_norm>("clip_norm", "", between(0, 1e12), "tried in place of training.clip_norm").at_most_items(most),
       F::numbers<&Sweep::dropout>("dropout", "", between(0, 0.99), "tried in place of training.dropout").at_most_items(most)});
  return table;
}

}  // namespace

schema::Table const& job_table() {
  using F = schema::Of<JobInput>;
  static schema::Table const table = [] {
    auto made = F::table(
        "train", "What the job is.",
        {F::choice<&JobInput::kind>("kind", job_kinds, "the kind of job").required(),
         F::choice<&JobInput::model>("model", models,
                                     "surrogate: a call's price and its derivatives, from contract and market; autoencoder: windows of "
                                     "bars in few numbers"),
         F::text<&JobInput::name>("name", "name of the job").defaulting("the file's name"),
         F::choice<&JobInput::mode>("mode", topology::mode_words,
                                    "how to drive the GPUs; --mode on the command line wins; no part of the answer")
             .defaulting("by the number of GPUs")
             .input_only(),
         F::count<&JobInput::seed>("seed", "", between(0, 0x1p63), "seed of the random numbers"),
         F::record<&JobInput::contract>("contract", contract_table, "what is priced").only(by_surrogate),
         F::record<&JobInput::data>("data", data_table, "what is learned from").only(by_surrogate),
         F::record<&JobInput::network>("network", network_table, "what learns").only(by_surrogate),
         F::record<&JobInput::market>("market", market_table, "the bars").only(by_autoencoder),
         F::record<&JobInput::spans>("spans", spans_table, "train, validation and test").only(by_autoencoder),
         F::record<&JobInput::encoder>("encoder", encoder_table, "what learns").only(by_autoencoder),
         F::record<&JobInput::training>("training", training_table, "how it learns"),
         F::record<&JobInput::sweep>("sweep", sweep_table, "values of it that are tried")});
    made.variants = [](void const* record) { return bit(static_cast<JobInput const*>(record)->model); };
    made.variant_names = models;
    made.deciding_fields = 2;
    return made;
  }();
  return table;
}

}  // namespace muster::jobs::train
