#include "jobs/evolve/scenery.hpp"

#include <algorithm>

#include "jobs/evolve/market.hpp"

namespace muster::jobs::evolve {

void Scenery::allow(int threads) const {
  int most = threads_;
  while (threads > most && !threads_.compare_exchange_weak(most, threads)) {}
}

void Scenery::open() const {
  std::call_once(is_open_, [this] { bars_ = open_market(params_.market, folder_); });
}

void Scenery::build() const {
  std::call_once(is_built_, [this] {
    if (is_traded(params_.objective)) field_ = make_field(params_, bars(), threads_, open_learned(params_.rules, folder_));
    ground_ = make_ground(params_, field_.get());
  });
}

io::Bars const& Scenery::bars() const {
  open();
  return bars_->bars;
}

Field const& Scenery::field() const {
  build();
  return *field_;
}

Ground const& Scenery::ground() const {
  build();
  return *ground_;
}

}  // namespace muster::jobs::evolve
