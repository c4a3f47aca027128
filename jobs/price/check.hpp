// What can only be judged across keys: whether a resolved job makes sense.
#pragma once

#include <vector>

#include "core/faults.hpp"
#include "core/schema.hpp"
#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// Where each part of the parameters stands in the input.
struct Origins {
  schema::Marks job, market, simulation;
  std::vector<schema::Marks> assets;       ///< as Market::assets
  std::vector<schema::Marks> instruments;  ///< as Params::instruments
};

/// Are these keys of the asset beyond doubt?
inline bool is_sound_asset(Origins const& origins, std::size_t asset) {
  return asset < origins.assets.size() && origins.assets[asset].is_sound({"spot", "name"});
}

/// Each adds its faults at the keys concerned and leaves out what already is at fault.
void check_assets(Params const& params, Origins& origins, Faults& faults);
void check_instruments(Params const& params, Origins& origins, Faults& faults);
void check_quotes(Params const& params, Origins& origins, Faults& faults);
void check_simulation(Params const& params, Origins& origins, Faults& faults);
void check_outputs(Params const& params, Origins& origins, Faults& faults);

}  // namespace muster::jobs::price
