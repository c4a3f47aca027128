#include "jobs/train/contracts.hpp"

#include "core/error.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::train {
namespace {

using kernels::nets::CallContract;

bool is_asian(ContractChoice const& choice) { return choice.type == ContractKind::asian_call; }

/// An input whose derivative is number `slope` of a label's.
struct Slope {
  int number;
  std::string name, unit;
};
Input ranged(std::string name, std::string unit, std::vector<double> const& range, Slope slope) {
  double const half = 0.5 * (range[1] - range[0]);
  return {std::move(name), std::move(unit), 0.5 * (range[0] + range[1]), half > 0 ? half : 1, slope.number, slope.name, slope.unit};
}

/// Uniform in (0, 1): 52 bits of two words.
double uniform(std::uint32_t high, std::uint32_t low) {
  std::uint64_t const bits = std::uint64_t{high} << 20 | low >> 12;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace

std::vector<Input> inputs_of(ContractChoice const& choice) {
  std::vector<Input> inputs{ranged("spot", "strikes", choice.spot, {0, "delta", "1"}),
                            ranged("expiry", "years", choice.expiry_years, {1, "by_expiry", "strikes/year"}),
                            ranged("volatility", "1/sqrt(year)", choice.volatility, {2, "vega", "strikes*sqrt(year)"}),
                            ranged("rate", "1/year", choice.rate, {3, "rho", "strikes*year"}),
                            ranged("dividend", "1/year", choice.dividend, {4, "by_dividend", "strikes*year"})};
  if (!is_asian(choice)) return inputs;
  double const half = 0.5 * static_cast<double>(choice.fixings - 1);
  inputs.push_back({"known_fixings", "1", half, half > 0 ? half : 1, -1, {}, {}});
  std::vector<double> const average{choice.known_average[0] * choice.spot[0], choice.known_average[1] * choice.spot[1]};
  inputs.push_back(ranged("known_average", "strikes", average, {5, "by_known_average", "1"}));
  return inputs;
}

std::vector<double> values_of(ContractChoice const& choice, CallContract const& c) {
  std::vector<double> values{c.spot, c.expiry_years, c.volatility, c.rate, c.dividend};
  if (is_asian(choice)) values.insert(values.end(), {static_cast<double>(c.known), c.known_average});
  return values;
}

CallContract contract_of(ContractChoice const& choice, std::vector<double> const& values) {
  CallContract contract{values[0], values[1], values[2], values[3], values[4]};
  MUSTER_REQUIRE(contract.spot > 0 && contract.expiry_years > 0 && contract.volatility > 0,
                 "spot {}, expiry {}, volatility {} (each must be above 0); correct them", values[0], values[1], values[2]);
  if (!is_asian(choice)) return contract;
  double const most = static_cast<double>(choice.fixings - 1);
  MUSTER_REQUIRE(values[5] >= 0 && values[5] <= most && values[5] == static_cast<double>(static_cast<std::uint32_t>(values[5])),
                 "known_fixings {} (must be a whole number from 0 to {}); correct it", values[5], most);
  contract.fixings = static_cast<std::uint32_t>(choice.fixings);
  contract.known = static_cast<std::uint32_t>(values[5]);
  contract.known_average = values[6];
  return contract;
}

CallContract draw_contract(ContractChoice const& choice, std::uint64_t seed, std::uint64_t index) {
  std::array<std::uint32_t, 16> words{};
  for (std::uint32_t block = 0; block < 4; ++block) {
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
  if (!is_asian(choice)) return contract;
  contract.fixings = static_cast<std::uint32_t>(choice.fixings);
  contract.known = static_cast<std::uint32_t>(draw({0, static_cast<double>(choice.fixings)}));
  contract.known_average = contract.spot * draw(choice.known_average);
  // Without known fixings there is no average; the spot stands for it.
  if (contract.known == 0) contract.known_average = contract.spot;
  return contract;
}

std::uint64_t most_fixings(ContractChoice const& choice) { return is_asian(choice) ? choice.fixings : 1; }

}  // namespace muster::jobs::train
