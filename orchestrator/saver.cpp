#include "orchestrator/saver.hpp"

#include <utility>

#include "core/error.hpp"

namespace muster::orchestrator {

void Saver::begin(Saved progress, jobs::CarryPtr carry) {
  MUSTER_ASSERT(!under_way_.valid(), "a save is under way");
  // Deferred where no thread is to be had: is_busy() then does it.
  auto const how = std::launch::async | std::launch::deferred;
  under_way_ = std::async(how, [this, progress = std::move(progress), carry = std::move(carry)]() mutable {
    auto const begun = Clock::now();
    if (carry) progress.carry = steps_->encode(*carry);
    carry.reset();
    persistence_.save(std::move(progress));
    return std::chrono::duration<double>(Clock::now() - begun).count();
  });
}

void Saver::record(TileRange range, std::span<TileDigest const> digests, std::uint32_t epoch) {
  if (is_busy())
    waiting_.push_back({range, {digests.begin(), digests.end()}, epoch});
  else
    persistence_.record_digests(range, digests, epoch);
}

bool Saver::is_busy() {
  if (under_way_.valid() && under_way_.wait_for(std::chrono::seconds{0}) != std::future_status::timeout) settle();
  return under_way_.valid();
}

void Saver::settle() {
  if (!under_way_.valid()) return;
  auto const waiting = std::exchange(waiting_, {});
  seconds_ = under_way_.get();
  ended_ = Clock::now();
  for (auto const& [range, of_tiles, epoch] : waiting) persistence_.record_digests(range, of_tiles, epoch);
}

}  // namespace muster::orchestrator
