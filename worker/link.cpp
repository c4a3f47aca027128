#include "worker/link.hpp"

#include "core/error.hpp"

namespace muster::worker {
namespace {
/// Rank 0 drops the lease when one is lost; this is for GPUs or networks that do nothing any more.
constexpr std::chrono::minutes longest_meeting{2}, longest_sum{10};
}  // namespace

Link::Link(comm::Rendezvous& rendezvous, Joint const& joint, std::span<int const> devices, std::function<bool()> is_over)
    : Companions(static_cast<int>(joint.index), static_cast<int>(joint.size)), meeting_(joint.meeting),
      patience_{longest_sum, std::move(is_over)},
      ends_(rendezvous.join(joint.name, index(), size(), devices, {longest_meeting, patience_.is_over})) {}

void Link::add_words(std::span<std::int64_t> words) { ends_.front()->sum_words(words, patience_); }

void Link::add_on_devices(std::span<std::span<std::int64_t> const> sums) {
  MUSTER_ASSERT(sums.size() == ends_.size(), "sums of {} devices, {} are linked", sums.size(), ends_.size());
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (!sums[i].empty()) ends_[i]->begin(sums[i].data(), sums[i].size());
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (!sums[i].empty()) ends_[i]->finish(patience_);
}

}  // namespace muster::worker
