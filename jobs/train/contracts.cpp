#include "jobs/train/contracts.hpp"

#include "core/error.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::train {
namespace {

using kernels::nets::CallContract;

bool is_asian(ContractChoice const& choice) { return choice.type == ContractKind::asian_call; }
bool is_heston(ContractChoice const& choice) { return choice.model == ContractModel::heston; }

/// An input whose derivative is number `slope` of a label's.
struct Slope {
  int number;
  std::string name, unit;
};
Input ranged(std::string name, std::string unit, std::vector<double> const& range, Slope slope) {
  double const half = 0.5 * (range[1] - range[0]);
  return {std::move(name), std::move(unit), 0.5 * (range[0] + range[1]), half > 0 ? half : 1, slope.number, slope.name, slope.unit};
}

void add_volatility(ContractChoice const& choice, std::vector<Input>& inputs) {
  inputs.push_back(ranged("volatility", "1/sqrt(year)", choice.volatility, {2, "vega", "strikes*sqrt(year)"}));
}

void add_heston(ContractChoice const& choice, std::vector<Input>& inputs) {
  using namespace kernels::nets;
  inputs.insert(inputs.end(),
                {ranged("initial_variance", "1/year", choice.initial_variance, {by_v0, "by_initial_variance", "strikes*year"}),
                 ranged("mean_reversion", "1/year", choice.mean_reversion, {by_kappa, "by_mean_reversion", "strikes*year"}),
                 ranged("long_run_variance", "1/year", choice.long_run_variance, {by_theta, "by_long_run_variance", "strikes*year"}),
                 ranged("variance_volatility", "1/year", choice.variance_volatility, {by_xi, "by_variance_volatility", "strikes*year"}),
                 ranged("correlation", "1", choice.correlation, {by_rho, "by_correlation", "strikes"})});
}

void add_known(ContractChoice const& choice, std::vector<Input>& inputs) {
  double const half = 0.5 * static_cast<double>(choice.fixings - 1);
  inputs.push_back({"known_fixings", "1", half, half > 0 ? half : 1, -1, {}, {}});
  std::vector<double> const average{choice.known_average[0] * choice.spot[0], choice.known_average[1] * choice.spot[1]};
  inputs.push_back(ranged("known_average", "strikes", average, {5, "by_known_average", "1"}));
}

/// What is known of the fixings, by its values.
void take_known(ContractChoice const& choice, double known, double average, CallContract& contract) {
  double const most = static_cast<double>(choice.fixings - 1);
  MUSTER_REQUIRE(known >= 0 && known <= most && known == static_cast<double>(static_cast<std::uint32_t>(known)),
                 "known_fixings {} (must be a whole number from 0 to {}); correct it", known, most);
  contract.fixings = static_cast<std::uint32_t>(choice.fixings);
  contract.known = static_cast<std::uint32_t>(known);
  contract.known_average = average;
}

CallContract heston_contract(ContractChoice const& choice, std::vector<double> const& v) {
  CallContract contract{v[0], v[1], 0, v[2], v[3]};
  contract.heston = {v[4], v[5], v[6], v[7], v[8], static_cast<std::uint32_t>(choice.steps)};
  MUSTER_REQUIRE(v[0] > 0 && v[1] > 0, "spot {}, expiry {} (each must be above 0); correct them", v[0], v[1]);
  MUSTER_REQUIRE(v[4] > 0 && v[5] > 0 && v[6] > 0 && v[7] > 0,
                 "initial_variance {}, mean_reversion {}, long_run_variance {}, variance_volatility {} (each must be above 0); correct them",
                 v[4], v[5], v[6], v[7]);
  MUSTER_REQUIRE(v[8] > -1 && v[8] < 1, "correlation {} (must be between -1 and 1); correct it", v[8]);
  return contract;
}

/// Uniform in (0, 1): 52 bits of two words.
double uniform(std::uint32_t high, std::uint32_t low) {
  std::uint64_t const bits = std::uint64_t{high} << 20 | low >> 12;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace

std::vector<Input> inputs_of(ContractChoice const& choice) {
  std::vector<Input> inputs{ranged("spot", "strikes", choice.spot, {0, "delta", "1"}),
                            ranged("expiry", "years", choice.expiry_years, {1, "by_expiry", "strikes/year"})};
  if (!is_heston(choice)) add_volatility(choice, inputs);
  inputs.push_back(ranged("rate", "1/year", choice.rate, {3, "rho", "strikes*year"}));
  inputs.push_back(ranged("dividend", "1/year", choice.dividend, {4, "by_dividend", "strikes*year"}));
  if (is_heston(choice)) add_heston(choice, inputs);
  if (is_asian(choice)) add_known(choice, inputs);
  return inputs;
}

std::vector<double> values_of(ContractChoice const& choice, CallContract const& c) {
  auto const& h = c.heston;
  if (is_heston(choice)) return {c.spot, c.expiry_years, c.rate, c.dividend, h.v0, h.kappa, h.theta, h.xi, h.rho};
  std::vector<double> values{c.spot, c.expiry_years, c.volatility, c.rate, c.dividend};
  if (is_asian(choice)) values.insert(values.end(), {static_cast<double>(c.known), c.known_average});
  return values;
}

CallContract contract_of(ContractChoice const& choice, std::vector<double> const& values) {
  if (is_heston(choice)) return heston_contract(choice, values);
  CallContract contract{values[0], values[1], values[2], values[3], values[4]};
  MUSTER_REQUIRE(contract.spot > 0 && contract.expiry_years > 0 && contract.volatility > 0,
                 "spot {}, expiry {}, volatility {} (each must be above 0); correct them", values[0], values[1], values[2]);
  if (is_asian(choice)) take_known(choice, values[5], values[6], contract);
  return contract;
}

CallContract draw_contract(ContractChoice const& choice, std::uint64_t seed, std::uint64_t index) {
  constexpr std::uint32_t blocks = 5;
  std::array<std::uint32_t, 4 * blocks> words{};
  for (std::uint32_t block = 0; block < blocks; ++block) {
    auto const made = kernels::exact_words(seed, index, block, stream_contracts);
    for (std::size_t i = 0; i < 4; ++i) words[4 * block + i] = made[i];
  }
  std::size_t next = 0;
  auto const draw = [&](std::vector<double> const& range) {
    double const u = uniform(words[next], words[next + 1]);
    next += 2;
    return range[0] + (range[1] - range[0]) * u;
  };
  CallContract contract{draw(choice.spot), draw(choice.expiry_years), draw(choice.volatility), draw(choice.rate), draw(choice.dividend)};
  if (is_heston(choice))
    contract.heston = {draw(choice.initial_variance),    draw(choice.mean_reversion), draw(choice.long_run_variance),
                       draw(choice.variance_volatility), draw(choice.correlation),    static_cast<std::uint32_t>(choice.steps)};
  if (!is_asian(choice)) return contract;
  contract.fixings = static_cast<std::uint32_t>(choice.fixings);
  contract.known = static_cast<std::uint32_t>(draw({0, static_cast<double>(choice.fixings)}));
  contract.known_average = contract.spot * draw(choice.known_average);
  // Without known fixings there is no average; the spot stands for it.
  if (contract.known == 0) contract.known_average = contract.spot;
  return contract;
}

std::uint64_t most_steps(ContractChoice const& choice) {
  if (is_heston(choice)) return choice.steps;
  return is_asian(choice) ? choice.fixings : 1;
}

}  // namespace muster::jobs::train
